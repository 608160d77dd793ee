"""Stores arrays by name in one file: an uncompressed `.npz` archive without pickles, with a checksum of its contents.

`numpy.load(file, allow_pickle=False)` reads it.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from nasctl.errors import NasctlError
from nasctl.files import read_bytes, replace_file

LIMIT = 2**34
"""Largest file that is read, in bytes."""


def write_arrays(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Writes arrays to a file, or replaces the file.

    Args:
      path: The file.
      arrays: Arrays of numbers, of any shape, by name. A name may contain any character.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The file cannot be written.
    """
    parts = {f"{name}.npy": _part(np.asarray(array)) for name, array in arrays.items()}
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_STORED) as archive:
        for name, part in parts.items():
            archive.writestr(zipfile.ZipInfo(name), part)
        archive.comment = _checksum(parts)
    replace_file(path, content.getvalue())


def read_arrays(path: Path) -> dict[str, np.ndarray]:
    """Reads the arrays that `write_arrays` has written, and checks their checksum.

    Returns:
      The arrays by name.

    Raises:
      NasctlError: The file does not exist, cannot be read, or is damaged.
    """
    content = read_bytes(path, limit=LIMIT)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if any(entry.file_size > len(content) for entry in archive.infolist()):
                raise ValueError("its parts are larger than the file")
            parts = {entry.filename: archive.read(entry) for entry in archive.infolist()}
            if _checksum(parts) != archive.comment:
                raise ValueError("it does not have the checksum that it states")
            return {name.removesuffix(".npy"): _array(part) for name, part in parts.items()}
    except MemoryError:
        raise
    except Exception as error:  # damaged archives raise errors of many types
        raise NasctlError(f"{path} is damaged: it is not a complete archive of arrays") from error


def _checksum(parts: Mapping[str, bytes]) -> bytes:
    """The SHA-256 digest of all parts with their names."""
    digest = hashlib.sha256()
    for name, part in parts.items():
        digest.update(f"{name}\0{len(part)}\0".encode())
        digest.update(part)
    return digest.hexdigest().encode()


def _part(array: np.ndarray) -> bytes:
    content = io.BytesIO()
    np.lib.format.write_array(content, array, allow_pickle=False)
    return content.getvalue()


def _array(part: bytes) -> np.ndarray:
    array: np.ndarray = np.lib.format.read_array(io.BytesIO(part), allow_pickle=False)
    return array
