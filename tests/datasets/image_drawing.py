"""Draws small image files for the tests of folders of images."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from nasctl.datasets.dataset import Dataset


def draw(
    path: Path, value: int = 0, *, size: tuple[int, int] = (6, 5), mode: str = "L", **options: Any
) -> Path:
    """Draws an image of one colour; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path, **options)
    return path


def draw_classes(root: Path, **counts: int) -> Path:
    """Draws images of different values into a folder for each class."""
    for label, count in counts.items():
        for number in range(count):
            draw(root / label / f"{number}.png", number * 10 + len(unicodedata.normalize("NFC", label)))
    return root


def all_pixels(dataset: Dataset) -> np.ndarray:
    """The images of all splits, (N, height, width, channels)."""
    splits = [dataset.train, dataset.test, *([dataset.validation] if dataset.validation else [])]
    return np.concatenate([np.asarray(split.inputs) for split in splits])


def counts(dataset: Dataset) -> tuple[int, int, int]:
    """The numbers of training, validation and test examples."""
    return len(dataset.train), len(dataset.validation or ()), len(dataset.test)
