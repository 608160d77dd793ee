"""Reads images from an .npz file with the arrays x_train, y_train, x_test and y_test."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.reading import reading, require_file, require_memory
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

_NAMES = ("x_train", "y_train", "x_test", "y_test")


def load_npz(path: Path) -> Dataset:
    """Reads an .npz file.

    `x_train` and `x_test` are images, (N, height, width) or (N, height, width, channels), of any numeric dtype.
    `y_train` and `y_test` are integer labels 0, 1, …, (N,) or (N, 1). An optional array `class_names` of strings
    names the classes.

    Raises:
      NasctlError: The file cannot be read, an array is missing, or a shape, dtype or value cannot be used.
    """
    arrays = _read(path)
    train = _examples(path, arrays, "train")
    test = _examples(path, arrays, "test")
    if train.inputs.shape[1:] != test.inputs.shape[1:] or train.inputs.dtype != test.inputs.dtype:
        raise NasctlError(
            f"{path}: x_train has images of shape {train.inputs.shape[1:]} and dtype {train.inputs.dtype}, "
            f"but x_test has {test.inputs.shape[1:]} and {test.inputs.dtype}",
            hint="give both splits the same shape and dtype",
        )
    names = _class_names(path, arrays, train.labels)
    unknown = np.setdiff1d(test.labels, np.arange(len(names)))
    if len(unknown):
        raise NasctlError(
            f"{path}: y_test has the label {unknown[0]}, which y_train does not have",
            hint="every class needs training examples",
        )
    return Dataset(str(path), InputKind.IMAGE, train, test, names)


def _read(path: Path) -> dict[str, np.ndarray]:
    require_file(path)
    with (
        reading(path, "an .npz file of plain arrays", hint="write it with numpy.savez_compressed"),
        zipfile.ZipFile(path) as archive,
    ):
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        wanted = [name for name in (*_NAMES, "class_names") if name in members]
        require_memory(path, sum(members[name].file_size for name in wanted))
        arrays = {name: _read_member(archive, members[name]) for name in wanted}
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise NasctlError(
            f"{path} lacks {', '.join(missing)}",
            hint=f"{', '.join(_NAMES)} are needed; the file has {', '.join(members) or 'no arrays'}",
        )
    return arrays


def _read_member(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # at its end, `zipfile` compares the checksum
            raise ValueError(f"{member.filename} goes on after its array")
    return array


def _examples(path: Path, arrays: dict[str, np.ndarray], split: str) -> Examples:
    images, labels = arrays[f"x_{split}"], arrays[f"y_{split}"]
    if images.ndim == 3:
        images = images[..., None]
    if images.ndim != 4 or 0 in images.shape:
        raise NasctlError(
            f"{path}: x_{split} has the shape {arrays[f'x_{split}'].shape}",
            hint="the shape must be (N, height, width) or (N, height, width, channels), with no axis of size 0",
        )
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim != 1 or labels.dtype.kind not in "iu":
        raise NasctlError(
            f"{path}: y_{split} has the shape {arrays[f'y_{split}'].shape} and the dtype {labels.dtype}",
            hint="labels must be integers of shape (N,) or (N, 1)",
        )
    if len(labels) != len(images):
        raise NasctlError(
            f"{path}: x_{split} has {len(images)} images, but y_{split} has {len(labels)} labels"
        )
    for label in (int(labels.min()), int(labels.max())):
        if not 0 <= label <= np.iinfo(np.int32).max:
            raise NasctlError(f"{path}: y_{split} has the label {label}", hint="number the classes 0, 1, …")
    return Examples(_pixels(path, f"x_{split}", images), labels.astype(np.int32))


def _pixels(path: Path, name: str, images: np.ndarray) -> np.ndarray:
    if images.dtype == np.uint8:
        return images
    if images.dtype.kind not in "iubf":
        raise NasctlError(f"{path}: {name} has the dtype {images.dtype}", hint="pixels must be real numbers")
    with np.errstate(over="ignore"):
        pixels = images.astype(np.float32)
    if not np.isfinite(pixels).all():
        raise NasctlError(
            f"{path}: {name} has values that are NaN or infinite, or too large for float32",
            hint="replace them, or leave their images out",
        )
    return pixels


def _class_names(path: Path, arrays: dict[str, np.ndarray], labels: np.ndarray) -> tuple[str, ...]:
    classes = int(labels.max()) + 1
    present = np.unique(labels)
    absent = np.flatnonzero(present != np.arange(len(present)))  # where the first gap is
    if len(absent):
        raise NasctlError(
            f"{path}: y_train has labels up to {classes - 1}, but no label {absent[0]}",
            hint="number the classes 0, 1, … without gaps",
        )
    if classes < 2:
        raise NasctlError(f"{path}: y_train has only one class", hint="a classifier needs at least two")
    if "class_names" not in arrays:
        return tuple(str(label) for label in range(classes))
    names = _texts(path, arrays["class_names"])
    if len(names) != classes:
        raise NasctlError(f"{path}: class_names has {len(names)} names, but y_train has {classes} classes")
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise NasctlError(f"{path}: class_names has {repeated} twice", hint="give each class its own name")
    return names


def _texts(path: Path, names: np.ndarray) -> tuple[str, ...]:
    if names.dtype.kind not in "US":
        raise NasctlError(f"{path}: class_names has the dtype {names.dtype}", hint="names must be strings")
    return tuple(
        name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)
        for name in names.ravel().tolist()
    )
