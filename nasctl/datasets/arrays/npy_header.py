"""Reads the header of an .npy file or of a member of an .npz file: NumPy's format of an array."""

from __future__ import annotations

import math
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from nasctl.errors import NasctlError


class Header(NamedTuple):
    """What the header of an array says."""

    shape: tuple[int, ...]
    fortran_order: bool
    dtype: np.dtype

    @property
    def size(self) -> int:
        """The bytes of the array."""
        return math.prod(self.shape) * self.dtype.itemsize


def header_of(file: IO[bytes]) -> Header:
    """Reads a header, and leaves the file at the first byte of the array.

    Raises:
      ValueError: It is no header.
    """
    version = np.lib.format.read_magic(file)
    if version == (1, 0):
        return Header(*np.lib.format.read_array_header_1_0(file))
    return Header(*np.lib.format.read_array_header_2_0(file))


def check_plain(path: Path, name: str, file: IO[bytes]) -> None:
    """Checks that an array does not consist of Python objects, which only unpickling would read.

    Raises:
      NasctlError: It does.
      ValueError: It has no header.
    """
    header = header_of(file)
    if header.dtype.hasobject:
        raise NasctlError(
            f"{path} is not a file of plain arrays: {name} has the dtype object and the shape {header.shape}",
            hint="images of different sizes cannot be in one array: bring them to one size, or use a folder of "
            "images; store texts as numpy.array(names, dtype=str)",
        )
