"""Reads images and labels from a folder of .npy files, which stay on the disk as memory maps."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nasctl.datasets.arrays.dataset import dataset_of_arrays
from nasctl.datasets.arrays.names import roles_of
from nasctl.datasets.arrays.npy_header import check_plain
from nasctl.datasets.arrays.splits import Splits, splits_of
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.reading import reading, require_file
from nasctl.errors import NasctlError


def load_npy_folder(folder: Path) -> Dataset:
    """Reads `x_train.npy`, `y_train.npy` and so on; the names are as in `npz_file.load_npz`.

    Raises:
      NasctlError: A file cannot be read, an array is missing, or a shape, dtype or value cannot be used.
    """
    return dataset_of_arrays(str(folder), read_npy_folder(folder))


def read_npy_folder(folder: Path) -> Splits:
    """Reads the splits of a folder of arrays, whatever kind of examples they are.

    Raises:
      NasctlError: A file cannot be read, or an array is missing.
    """
    with reading(folder, "a folder of arrays"):
        files = {path.stem: path for path in sorted(folder.iterdir()) if _is_array(path)}
    roles = roles_of(str(folder), files)
    return splits_of(str(folder), roles, {name: _read(files[name]) for name in roles.wanted})


def refuse_single_array(path: Path) -> Dataset:
    """The answer to the name of a single .npy file.

    Raises:
      NasctlError: Always.
    """
    require_file(path)
    raise NasctlError(
        f"{path} is one array, and a data set has images and labels",
        hint="name its folder, with x_train.npy and y_train.npy, or write both into one file with "
        "numpy.savez_compressed(FILE, x_train=…, y_train=…)",
    )


def _is_array(path: Path) -> bool:
    return path.suffix.lower() == ".npy" and not path.name.startswith(".")


def _read(path: Path) -> np.ndarray:
    require_file(path)
    with reading(path, "an .npy file", hint="write it with numpy.save"):
        with path.open("rb") as file:
            check_plain(path, path.stem, file)
        array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
        return array
