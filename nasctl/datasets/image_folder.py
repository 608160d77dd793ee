"""Reads images from a folder with a subfolder for each class."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.split import stratified_split
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

_SUFFIXES = {".png", ".jpg", ".jpeg", ".bmp", ".gif", ".ppm", ".pgm", ".tif", ".tiff", ".webp"}
_TEST_SHARE = 0.2
_SPLIT_SEED = 0


def load_image_folder(root: Path) -> Dataset:
    """Reads `ROOT/CLASS/*.png`, or `ROOT/train/CLASS/*.png` and `ROOT/test/CLASS/*.png`.

    If there is no test folder, a fifth of each class is held out. The split is always the same. If all images are
    greyscale, they have one channel, otherwise three (RGB). Images of another size are resized to the most frequent
    size.

    Args:
      root: The folder. Files may be PNG, JPEG, BMP, GIF, PPM, PGM, TIFF or WebP.

    Raises:
      NasctlError: A folder has no classes, a class has no images, or a file cannot be read.
    """
    if (root / "train").is_dir() and (root / "test").is_dir():
        names = _classes(root / "train")
        unknown = sorted(set(_classes(root / "test")) - set(names))
        if unknown:
            raise NasctlError(
                f"{root / 'test'} has the class `{unknown[0]}`, which {root / 'train'} does not have",
                hint="every class needs training images",
            )
        files = [_files(root / split, names) for split in ("train", "test")]
        images = _read([path for split in files for path, _ in split])
        labels = np.array([label for split in files for _, label in split], np.int32)
        train, test = np.arange(len(files[0])), np.arange(len(files[0]), len(labels))
    else:
        names = _classes(root)
        listed = _files(root, names)
        images = _read([path for path, _ in listed])
        labels = np.array([label for _, label in listed], np.int32)
        train, test = stratified_split(labels, round(_TEST_SHARE * len(labels)), seed=_SPLIT_SEED)
    every = Examples(images, labels)
    return Dataset(str(root), InputKind.IMAGE, every.take(train), every.take(test), names)


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir() and path.name[0] != "."))
    if len(names) < 2:
        raise NasctlError(
            f"{folder} has {len(names) or 'no'} subfolder{'' if len(names) == 1 else 's'}",
            hint="a folder of images needs a subfolder for each class, and at least two classes",
        )
    return names


def _files(folder: Path, names: tuple[str, ...]) -> list[tuple[Path, int]]:
    listed = []
    for label, name in enumerate(names):
        images = sorted(path for path in (folder / name).glob("*") if path.suffix.lower() in _SUFFIXES)
        if not images:
            raise NasctlError(
                f"{folder / name} has no images", hint=f"files must end in {', '.join(sorted(_SUFFIXES))}"
            )
        listed += [(path, label) for path in images]
    return listed


def _read(paths: list[Path]) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    images = []
    for path in paths:
        try:
            with Image.open(path) as image:
                images.append(image.convert("L" if image.mode in ("1", "L") else "RGB"))
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError) as error:
            raise NasctlError(
                f"{path} cannot be read as an image", hint="remove or replace the file"
            ) from error
    mode = "L" if all(image.mode == "L" for image in images) else "RGB"
    size = Counter(image.size for image in images).most_common(1)[0][0]
    arrays = [
        np.asarray(image.convert(mode) if image.size == size else image.convert(mode).resize(size))
        for image in images
    ]
    stacked = np.stack(arrays)
    return stacked[..., None] if mode == "L" else stacked
