"""Rows of an array that may be larger than memory, such as a memory map. They are read only when they are needed."""

from __future__ import annotations

from collections.abc import Iterator
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
    return Rows(array, indices) if isinstance(array, np.memmap) else array[indices]


def read_rows(array: np.ndarray | Rows, indices: np.ndarray, into: np.ndarray) -> None:
    """Reads the rows with the given indices into an array of their shape and type.

    Other threads run meanwhile. Ascending indices are read fastest.
    """
    if isinstance(array, Rows):
        read_rows(array.array, array.indices[indices], into)
        return
    # With another mode than `clip`, NumPy would fill a copy of `into` first.
    np.take(np.asarray(array), indices, axis=0, out=into, mode="clip")


def blocks_of(array: np.ndarray | Rows) -> Iterator[np.ndarray]:
    """The rows of an array in their order, in blocks: of a memory map or of `Rows` a part at a time."""
    if not isinstance(array, (np.memmap, Rows)):
        yield array
        return
    size = max(1, _BLOCK // max(1, row_bytes(array)))
    for start in range(0, len(array), size):
        yield np.asarray(array[start : start + size])


def row_bytes(array: np.ndarray | Rows) -> int:
    """Bytes of a row."""
    return array.dtype.itemsize * int(np.prod(array.shape[1:], dtype=np.int64))
