"""Reads the files of MNIST and of the data sets that took its format: idx files of images and labels.

The format has a header of two zero bytes, a code of the dtype, the number of axes and their sizes as big-endian
integers (LeCun, Cortes & Burges 1998, The MNIST database).
"""

from __future__ import annotations

import gzip
import math
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import IO, cast

import numpy as np

from nasctl.datasets.arrays.dataset import dataset_of_arrays
from nasctl.datasets.arrays.splits import Split, Splits
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.folder_contents import IDX_FILE
from nasctl.datasets.reading import reading, require_file, require_memory
from nasctl.datasets.split_names import SPELLINGS, SplitName
from nasctl.errors import NasctlError

_DTYPES = {0x08: "u1", 0x09: "i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_SPLITS: Mapping[str, SplitName] = {**SPELLINGS, "t10k": "test"}

CLASSES: Mapping[str, tuple[str, ...]] = {
    "fashion_mnist": (
        "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
    ),
    "kmnist": ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
}  # fmt: skip
"""The names of the classes of data sets that are known by name."""

_FASHION_LABELS = "657fbd221bfc9f4198cc14b5619cc33ec57c58dd0e47af4d99d6650759e869a7"
"""The SHA-256 of the training labels of Fashion-MNIST, by which it is known under any name."""


def load_idx_folder(folder: Path, name: str = "") -> Dataset:
    """Reads `train-images-idx3-ubyte`, `train-labels-idx1-ubyte` and the same of `t10k`, the test split.

    Files may be compressed with gzip; others are memory-mapped. A folder may have several data sets with prefixes, such
    as `emnist-letters-train-images-idx3-ubyte`; the name then says which one.

    Args:
      folder: The folder.
      name: The name of the data set, such as `fashion_mnist` or `emnist/letters`; empty to find the data set by the
        path of the folder.

    Raises:
      NasctlError: A file is missing or cannot be read.
    """
    variants = _variants(folder)
    wanted = name.replace("_", "-").replace("/", "-")
    files = variants.get(wanted) or (next(iter(variants.values())) if len(variants) == 1 else None)
    if files is None:
        listed = ", ".join(sorted(variants))
        raise NasctlError(
            f"{folder} has the files of several data sets: {listed}",
            hint=f"name one: --dataset {sorted(variants)[-1]} --data-dir FOLDER",
        )
    splits: dict[SplitName, Split] = {}
    for stem, pair in files.items():
        split = _SPLITS[stem]
        missing = {"images", "labels"} - pair.keys()
        if missing:
            there = next(iter(pair.values()))
            raise NasctlError(f"{folder} has {there.name}, but not the {missing.pop()} that belong to it")
        splits[split] = Split(
            _read(pair["images"]), _read(pair["labels"]), pair["images"].name, pair["labels"].name
        )
    if "train" not in splits:
        raise NasctlError(f"{folder} has no training images", hint="train-images-idx3-ubyte is needed")
    class_names = _class_names(name, folder, splits["train"].labels)
    return dataset_of_arrays(name or str(folder), Splits(splits, class_names))


def _class_names(name: str, folder: Path, labels: np.ndarray) -> tuple[str, ...] | None:
    fashion = sha256(np.ascontiguousarray(labels).tobytes()).hexdigest() == _FASHION_LABELS
    if fashion and name not in ("", "fashion_mnist"):
        raise NasctlError(
            f"the files in {folder} are those of Fashion-MNIST, and not of {name}",
            hint="name fashion_mnist, or another folder with --data-dir",
        )
    known = CLASSES.get("fashion_mnist" if fashion else name)
    return known if known is not None and set(np.unique(labels).tolist()) <= set(range(len(known))) else None


def _variants(folder: Path) -> dict[str, dict[str, dict[str, Path]]]:
    """The files of each data set in a folder: by its prefix, by split, and by `images` or `labels`."""
    found: dict[str, dict[str, dict[str, Path]]] = {}
    with reading(folder, "a folder of idx files"):
        paths = sorted(folder.iterdir())
    for path in paths:
        match = IDX_FILE.match(path.name)
        prefix, _, stem = match["stem"].rpartition("-") if match else ("", "", "")
        if match and stem in _SPLITS:
            # Sorted: the file that is not compressed comes first
            found.setdefault(prefix, {}).setdefault(stem, {}).setdefault(match["what"], path)
    if not found:
        raise NasctlError(
            f"{folder} has no idx files of a split",
            hint="their names are train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and "
            "t10k-labels-idx1-ubyte, or end in .gz",
        )
    return found


def _read(path: Path) -> np.ndarray:
    require_file(path)
    with reading(path, "an idx file"):
        if path.suffix.lower() == ".gz":
            with gzip.open(path, "rb") as file:
                return _read_array(path, cast(IO[bytes], file))
        with path.open("rb") as file:
            dtype, shape = _header(file)
            offset = file.tell()
        size = path.stat().st_size - offset
        if size != math.prod(shape) * dtype.itemsize:
            raise ValueError(
                f"its header says {math.prod(shape) * dtype.itemsize:,} bytes, but it has {size:,}"
            )
        if not size:
            return np.empty(shape, dtype)
        return np.memmap(path, dtype, "r", offset, shape)


def _read_array(path: Path, file: IO[bytes]) -> np.ndarray:
    dtype, shape = _header(file)
    size = math.prod(shape) * dtype.itemsize
    require_memory(path, size)
    content = file.read(size + 1)
    if len(content) != size:
        raise ValueError(
            f"its header says {size:,} bytes, but it has {'more' if len(content) > size else 'fewer'}"
        )
    return np.frombuffer(content, dtype).reshape(shape)


def _header(file: IO[bytes]) -> tuple[np.dtype, tuple[int, ...]]:
    magic = file.read(4)
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] not in _DTYPES or not 1 <= magic[3] <= 5:
        raise ValueError("it does not begin as one")
    sizes = file.read(4 * magic[3])
    if len(sizes) < 4 * magic[3]:
        raise ValueError("it ends within its header")
    return np.dtype(_DTYPES[magic[2]]), tuple(np.frombuffer(sizes, ">i4").astype(int).tolist())
