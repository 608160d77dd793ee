"""Files of images as arrays: several threads write one, and later processes map it into their memory."""

from __future__ import annotations

import hashlib
import io
import os
import threading
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np

_BLOCK = 2**24
"""Bytes that are read at a time."""


@dataclass(frozen=True)
class Check:
    """What tells whether a file is as it was written.

    Attributes:
      size: Its size in bytes.
      time: The time of its last change, in nanoseconds.
      digest: Its SHA-256 digest in hexadecimal.
    """

    size: int
    time: int
    digest: str


class PixelFile:
    """An `.npy` file of images while it is written.

    It is not memory-mapped meanwhile: on a full disk, a write to a map ends the process.

    Args:
      path: The file, which does not exist yet.
      shape: (height, width, channels) of the images, which are uint8.
    """

    def __init__(self, path: Path, shape: tuple[int, int, int]) -> None:
        self._path = path
        self._shape = shape
        self._size = prod(shape)
        self._start = len(_header(0, shape))
        self._file = open(path, "x+b")  # noqa: SIM115
        self._lock = threading.Lock()

    def write(self, index: int, pixels: np.ndarray) -> None:
        """Writes an image. Several threads may write different images.

        Raises:
          OSError: The disk is full.
        """
        with self._lock:
            self._file.seek(self._start + index * self._size)
            self._file.write(np.ascontiguousarray(pixels).data)

    def finish(self, kept: np.ndarray) -> Check:
        """Removes images that were not written, and completes the file.

        Args:
          kept: Whether each image was written, (N,) as booleans.

        Raises:
          OSError: The disk is full.
        """
        for place, index in enumerate(np.flatnonzero(kept).tolist()):
            if place != index:
                self._file.seek(self._start + index * self._size)
                row = self._file.read(self._size)
                self._file.seek(self._start + place * self._size)
                self._file.write(row)
        count = int(kept.sum())
        self._file.seek(0)
        self._file.write(_header(count, self._shape))
        self._file.flush()
        self._file.truncate(self._start + count * self._size)
        os.fsync(self._file.fileno())
        self._file.close()
        status = self._path.stat()
        return Check(status.st_size, status.st_mtime_ns, _digest(self._path))

    def close(self) -> None:
        """Closes the file, if it is not complete."""
        self._file.close()


def open_pixels(path: Path, shape: tuple[int, int, int, int], check: Check) -> np.ndarray | None:
    """Maps a file of images into memory.

    The content is only read to check it if the file was changed, or copied, after it was written.

    Args:
      path: The file.
      shape: (N, height, width, channels).
      check: What `PixelFile.finish` returned.

    Returns:
      The images, which cannot be changed; None if the file is not as it was written.

    Raises:
      OSError, ValueError: It cannot be read.
    """
    status = path.stat()
    if status.st_size != check.size:
        return None
    if status.st_mtime_ns != check.time and _digest(path) != check.digest:
        return None
    if shape[0] == 0:  # nothing can be mapped
        return np.empty(shape, np.uint8)
    pixels: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    return pixels if pixels.dtype == np.uint8 and pixels.shape == shape else None


def _header(count: int, shape: tuple[int, int, int]) -> bytes:
    """The header of the file. NumPy leaves space in it for more images, so its size does not depend on their number."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (count, *shape)}
    )
    return header.getvalue()


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()
