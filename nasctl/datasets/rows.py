"""Rows of an array that may be larger than memory, such as a memory map. They are read only when they are needed."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import numpy as np

_BLOCK = 2**24
"""Bytes of the blocks in which an array is read that need not fit into memory."""


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of an array with the given indices, in that order.

    It stands for `array[indices]`, which it does not hold in memory. Indexing it, and `numpy.asarray`, read rows.

    Letters: M rows of the array, N rows of those.

    Attributes:
      array: The array, (M, …).
      indices: The index of each row, (N,).
    """

    array: np.ndarray
    indices: np.ndarray

    def __len__(self) -> int:
        return len(self.indices)

    def __getitem__(self, key: int | slice | np.ndarray) -> np.ndarray:
        return np.asarray(self.array[self.indices[key]])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array[self.indices], dtype)

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, …)."""
        return (len(self.indices), *self.array.shape[1:])

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return self.array.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type of a number."""
        return self.array.dtype

    @property
    def nbytes(self) -> int:
        """Bytes that the rows would take in memory."""
        return len(self) * row_bytes(self.array)


def take_rows(array: np.ndarray | Rows, indices: np.ndarray) -> np.ndarray | Rows:
    """The rows with the given indices: of a memory map or of `Rows` without reading them, of an array as a copy."""
    if isinstance(array, Rows):
        return Rows(array.array, array.indices[indices])
    return Rows(array, indices) if is_mapped(array) else array[indices]


def is_mapped(array: np.ndarray) -> bool:
    """Whether an array is a memory map of a file or a view of one."""
    return _map_of(array) is not None


def _map_of(array: np.ndarray) -> np.memmap | None:
    """The memory map of which an array is a view. A copy that NumPy calls a memory map is none."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array if isinstance(array, np.memmap) and getattr(array, "_mmap", None) is not None else None


def ask_for_rows(array: np.ndarray, indices: np.ndarray) -> None:
    """Asks the system to read rows of a memory map that are needed soon: many at once, and no others.

    Rows that are read as they are touched are read one after the other, each with up to 128 KB around it: rows of 12 KB
    that are an eighth of a file take three times as long, and the whole file is read.

    Args:
      array: A memory map or a view of one; nothing happens for other arrays.
      indices: The indices of the rows, in ascending order where they are neighbours.
    """
    mapped = _map_of(array)
    row = row_bytes(array)
    if mapped is None or not hasattr(mmap, "MADV_WILLNEED") or not len(indices) or array.strides[0] != row:
        return
    pages: mmap.mmap = getattr(mapped, "_mmap")  # noqa: B009 NumPy does not document it
    start = mapped.offset % mmap.ALLOCATIONGRANULARITY + array.ctypes.data - mapped.ctypes.data
    first = (start + indices * row) // mmap.PAGESIZE
    end = -(-(start + (indices + 1) * row) // mmap.PAGESIZE)
    begins = np.flatnonzero(np.append(True, first[1:] > end[:-1]) | np.append(True, first[1:] < first[:-1]))
    for begin, last in zip(begins, np.append(begins[1:], len(indices)) - 1, strict=True):
        offset, length = int(first[begin]) * mmap.PAGESIZE, int(end[last] - first[begin]) * mmap.PAGESIZE
        with suppress(OSError, ValueError):  # it is advice
            pages.madvise(mmap.MADV_WILLNEED, offset, length)


def read_rows(array: np.ndarray | Rows, indices: np.ndarray, into: np.ndarray) -> None:
    """Reads the rows with the given indices into an array of their shape and type.

    Other threads run meanwhile. Ascending indices are read fastest.
    """
    if isinstance(array, Rows):
        read_rows(array.array, array.indices[indices], into)
        return
    ask_for_rows(array, indices)
    # With another mode than `clip`, NumPy would fill a copy of `into` first.
    np.take(np.asarray(array), indices, axis=0, out=into, mode="clip")


def blocks_of(array: np.ndarray | Rows) -> Iterator[np.ndarray]:
    """The rows of an array in their order, in blocks: of a memory map or of `Rows` a part at a time."""
    if not isinstance(array, Rows) and not is_mapped(array):
        yield array
        return
    size = max(1, _BLOCK // max(1, row_bytes(array)))
    for start in range(0, len(array), size):
        yield np.asarray(array[start : start + size])


def row_bytes(array: np.ndarray | Rows) -> int:
    """Bytes of a row."""
    return array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
