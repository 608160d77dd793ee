"""The UCI handwritten digits, which come with scikit-learn: 1,797 images of 8×8 pixels in 10 classes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import DatasetSpec
from nasctl.datasets.split import stratified_split

SPLIT_SEED = 0
"""Seed of the split into training and test examples."""


def _read(split: str, file: Path | None) -> Iterator[tuple[np.ndarray, int]]:
    from sklearn.datasets import load_digits  # takes a second to import

    digits = load_digits()
    train, test = stratified_split(digits.target, DIGITS.splits["test"], seed=SPLIT_SEED)
    for index in train if split == "train" else test:
        yield digits.images[index, :, :, None].astype(np.uint8), int(digits.target[index])


DIGITS = DatasetSpec(
    name="digits",
    version="1.0.0",
    summary="UCI handwritten digits, 8×8 grey values 0 to 16; comes with scikit-learn",
    shape=(8, 8, 1),
    class_names=tuple(str(digit) for digit in range(10)),
    splits={"train": 1_437, "test": 360},
    read=_read,
    homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
    citation="""@misc{optdigits,
  author = {Alpaydin, E. and Kaynak, C.},
  title = {Optical Recognition of Handwritten Digits},
  year = {1998},
  publisher = {UCI Machine Learning Repository},
  doi = {10.24432/C50P49}
}""",
)
