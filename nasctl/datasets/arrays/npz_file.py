"""Reads images and labels from the arrays of an .npz file."""

from __future__ import annotations

import mmap
import zipfile
import zlib
from pathlib import Path
from typing import IO

import numpy as np

from nasctl.datasets.arrays.dataset import dataset_of_arrays
from nasctl.datasets.arrays.names import roles_of
from nasctl.datasets.arrays.npy_header import check_plain, header_of
from nasctl.datasets.arrays.splits import Splits, splits_of
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.reading import reading, require_file, require_memory

_MAPPED = 2**26
"""Bytes from which an array that is not compressed is memory-mapped."""
_LARGEST_DESCRIPTOR = 24
"""Bytes that may follow a member: its checksum and sizes, if they were not known when its header was written."""


def load_npz(path: Path) -> Dataset:
    """Reads images from an .npz file.

    It has the images `x_train` and the labels `y_train`, in one of the spellings of `names`, and optionally those
    of validation and test examples, and `class_names`. `images` and `labels` say which shapes and dtypes
    they may have. Large arrays that are not compressed are memory-mapped.

    Raises:
      NasctlError: The file cannot be read, an array is missing, or a shape, dtype or value cannot be used.
    """
    return dataset_of_arrays(str(path), read_npz(path))


def read_npz(path: Path) -> Splits:
    """Reads the splits of an .npz file, whatever kind of examples they are.

    Raises:
      NasctlError: The file cannot be read, or an array is missing.
    """
    require_file(path)
    with (
        reading(path, "an .npz file of plain arrays", hint="write it with numpy.savez_compressed"),
        zipfile.ZipFile(path) as archive,
    ):
        _check_members(path, archive)
        members = {member.filename.removesuffix(".npy"): member for member in archive.infolist()}
        roles = roles_of(str(path), members)
        wanted = roles.wanted
        require_memory(path, sum(members[name].file_size for name in wanted if not _mapped(members[name])))
        arrays = {name: _read_member(path, archive, members[name]) for name in wanted}
    return splits_of(str(path), roles, arrays)


def _check_members(path: Path, archive: zipfile.ZipFile) -> None:
    """Checks that the directory lists all members with their names: a damaged one would be a set without them."""
    members = sorted(archive.infolist(), key=lambda member: member.header_offset)
    if not members:
        raise ValueError("it has no arrays")
    next_starts = [*(member.header_offset for member in members[1:]), archive.start_dir]
    with path.open("rb") as file:
        for member, next_start in zip(members, next_starts, strict=True):
            archive.open(member).close()  # compares both places of its name
            between = next_start - _start_of(file, member) - member.compress_size
            if not 0 <= between <= _LARGEST_DESCRIPTOR:
                raise ValueError("its directory does not list all its members")


def _start_of(file: IO[bytes], member: zipfile.ZipInfo) -> int:
    """Where the content of a member starts: after a header, its name and further fields."""
    file.seek(member.header_offset + 26)
    lengths = file.read(4)
    return member.header_offset + 30 + sum(int.from_bytes(lengths[at : at + 2], "little") for at in (0, 2))


def _mapped(member: zipfile.ZipInfo) -> bool:
    return member.compress_type == zipfile.ZIP_STORED and member.file_size >= _MAPPED


def _read_member(path: Path, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> np.ndarray:
    with archive.open(member) as file:
        check_plain(path, member.filename.removesuffix(".npy"), file)
    if _mapped(member):
        with path.open("rb") as file:
            return _map_member(path, file, member)
    with archive.open(member) as file:
        array: np.ndarray = np.lib.format.read_array(file, allow_pickle=False)
        if file.read(1):  # at its end, `zipfile` compares the checksum
            raise ValueError(f"{member.filename} goes on after its array")
    return array


def _map_member(path: Path, file: IO[bytes], member: zipfile.ZipInfo) -> np.ndarray:
    """Maps an array that is not compressed, after a comparison with its checksum."""
    start = _start_of(file, member)
    file.seek(start)
    header = header_of(file)
    offset = file.tell()
    if header.size != start + member.file_size - offset:
        raise ValueError(f"{member.filename} does not have the size that its header says")
    with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        checksum = 0
        for at in range(start, start + member.file_size, 2**24):
            checksum = zlib.crc32(content[at : min(at + 2**24, start + member.file_size)], checksum)
    if checksum != member.CRC:
        raise ValueError(f"{member.filename} does not have the checksum that was stored with it")
    mapped: np.ndarray = np.memmap(
        path, header.dtype, "r", offset, header.shape, order="F" if header.fortran_order else "C"
    )
    return mapped
