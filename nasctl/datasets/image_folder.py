"""Reads images from a folder with a subfolder for each class."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.image_files import read_images
from nasctl.datasets.reading import reading
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
    size. Files and folders whose names start with a dot are ignored.

    Args:
      root: The folder. Files may be PNG, JPEG, BMP, GIF, PPM, PGM, TIFF or WebP.

    Raises:
      NasctlError: A folder has no classes, a class has too few images, or a file cannot be read.
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
        every = _read(root, [file for split in files for file in split])
        train, test = np.arange(len(files[0])), np.arange(len(files[0]), len(every))
    else:
        names = _classes(root)
        every = _read(root, _files(root, names))
        train, test = stratified_split(every.labels, round(_TEST_SHARE * len(every)), seed=_SPLIT_SEED)
        _check_split(root, names, every.labels, train, test)
    return Dataset(str(root), InputKind.IMAGE, every.take(train), every.take(test), names)


def _classes(folder: Path) -> tuple[str, ...]:
    names = tuple(path.name for path in _visible(folder) if path.is_dir())
    if len(names) < 2:
        raise NasctlError(
            f"{folder} has {len(names) or 'no'} subfolder{'' if len(names) == 1 else 's'}",
            hint="a folder of images needs a subfolder for each class, and at least two classes",
        )
    return names


def _files(folder: Path, names: tuple[str, ...]) -> list[tuple[Path, int]]:
    listed = []
    for label, name in enumerate(names):
        images = [path for path in _visible(folder / name) if path.suffix.lower() in _SUFFIXES]
        if not images:
            raise NasctlError(
                f"{folder / name} has no images", hint=f"files must end in {', '.join(sorted(_SUFFIXES))}"
            )
        listed += [(path, label) for path in images]
    return listed


def _visible(folder: Path) -> list[Path]:
    """The files and folders in a folder in the order of their names, whatever the order of the file system."""
    with reading(folder, "a folder of images"):
        return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _read(root: Path, files: Sequence[tuple[Path, int]]) -> Examples:
    return Examples(
        read_images(root, [path for path, _ in files]), np.array([label for _, label in files], np.int32)
    )


def _check_split(
    root: Path, names: tuple[str, ...], labels: np.ndarray, train: np.ndarray, test: np.ndarray
) -> None:
    missing = np.setdiff1d(labels, labels[train])
    if len(missing) or not len(test):
        what = f"the class `{names[missing[0]]}` of {root}" if len(missing) else str(root)
        raise NasctlError(
            f"{what} has too few images to hold out a fifth of them for the test",
            hint="add images, or put test images into folders of their own: train/CLASS and test/CLASS",
        )
