"""Images that the person has as arrays: an `.npz` with x_train, y_train, x_test and y_test."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

_NAMES = ("x_train", "y_train", "x_test", "y_test")


def load_file(path: Path) -> Dataset:
    """Reads an `.npz`.

    `x_*` are images as (N, height, width) or (N, height, width, channels), of any type of number; `y_*` are
    whole numbers from 0, as (N,) or (N, 1). An array `class_names` of strings may name the classes.

    Raises:
      NasctlError: The file, an array or a label does not fit.
    """
    arrays = _read(path)
    train = _examples(path, arrays, "train")
    test = _examples(path, arrays, "test")
    if train.inputs.shape[1:] != test.inputs.shape[1:] or train.inputs.dtype != test.inputs.dtype:
        raise NasctlError(
            f"{path}: x_train holds images of {train.inputs.shape[1:]} {train.inputs.dtype}, "
            f"x_test of {test.inputs.shape[1:]} {test.inputs.dtype}"
        )
    names = _class_names(path, arrays, train.labels)
    strangers = np.setdiff1d(test.labels, np.arange(len(names)))
    if len(strangers):
        raise NasctlError(f"{path}: y_test holds the label {strangers[0]}, which y_train does not")
    return Dataset(str(path), InputKind.IMAGE, train, test, names)


def _read(path: Path) -> dict[str, np.ndarray]:
    if not path.is_file():
        raise NasctlError(f"there is no file {path}")
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in (*_NAMES, "class_names") if name in archive.files}
            present = archive.files
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, TypeError) as error:
        raise NasctlError(
            f"{path} is no .npz of plain arrays", hint="write it with numpy.savez_compressed"
        ) from error
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise NasctlError(
            f"{path} has no array {' and no '.join(missing)}",
            hint=f"a data set has {', '.join(_NAMES)}; this file has {', '.join(present) or 'nothing'}",
        )
    return arrays


def _examples(path: Path, arrays: dict[str, np.ndarray], split: str) -> Examples:
    images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or 0 in images.shape:
        raise NasctlError(
            f"{path}: x_{split} has the shape {arrays[f'x_{split}'].shape}",
            hint="images are (N, height, width) or (N, height, width, channels)",
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or not np.issubdtype(labels.dtype, np.integer):
        raise NasctlError(
            f"{path}: y_{split} is {labels.dtype} of the shape {arrays[f'y_{split}'].shape}",
            hint="labels are whole numbers from 0, one an image",
        )
    if len(labels) != len(images):
        raise NasctlError(f"{path}: x_{split} holds {len(images)} images but y_{split} {len(labels)} labels")
    if labels.min() < 0:
        raise NasctlError(f"{path}: y_{split} holds the label {labels.min()}", hint="labels count from 0")
    return Examples(_pixels(path, f"x_{split}", images), labels.astype(np.int32))


def _pixels(path: Path, name: str, images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    if np.issubdtype(images.dtype, np.integer) or images.dtype == np.bool_:
        return images.astype(np.float32)
    if not np.issubdtype(images.dtype, np.floating):
        raise NasctlError(f"{path}: {name} is of the type {images.dtype}", hint="pixels are numbers")
    if not np.isfinite(images).all():
        raise NasctlError(f"{path}: {name} holds values that are not finite")
    return images.astype(np.float32)


def _class_names(path: Path, arrays: dict[str, np.ndarray], labels: np.ndarray) -> tuple[str, ...]:
    classes = int(labels.max()) + 1
    absent = np.setdiff1d(np.arange(classes), labels)
    if len(absent):
        raise NasctlError(
            f"{path}: y_train goes up to {classes - 1} but never holds {absent[0]}",
            hint="number the classes 0, 1, … without gaps",
        )
    if classes < 2:
        raise NasctlError(f"{path}: y_train holds one class only")
    if "class_names" not in arrays:
        return tuple(str(label) for label in range(classes))
    names = tuple(str(name) for name in arrays["class_names"].ravel())
    if len(names) != classes:
        raise NasctlError(f"{path}: class_names holds {len(names)} names but y_train {classes} classes")
    return names
