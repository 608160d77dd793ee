"""Arrays in one file: a round trip, and damage of every byte."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nasctl.errors import NasctlError
from nasctl.files.arrays import read_arrays, write_arrays

ARRAYS = {
    "parameters/blocks/0/kernel [x]*?": np.arange(6, dtype=np.float32).reshape(2, 3),
    "trials": np.int64(3),
    "flags": np.array([True, False]),
    "empty": np.zeros((0, 4), np.uint32),
}


def same(first: dict[str, np.ndarray], second: dict[str, np.ndarray]) -> bool:
    return first.keys() == second.keys() and all(
        np.array_equal(first[name], second[name]) and first[name].dtype == second[name].dtype
        for name in first
    )


def test_arrays_are_read_back_unchanged(tmp_path: Path) -> None:
    write_arrays(tmp_path / "it.npz", ARRAYS)
    read = read_arrays(tmp_path / "it.npz")
    assert same(read, {name: np.asarray(array) for name, array in ARRAYS.items()})
    with np.load(tmp_path / "it.npz", allow_pickle=False) as archive:
        assert np.array_equal(archive["trials"], 3)


def test_equal_arrays_make_equal_files(tmp_path: Path) -> None:
    write_arrays(tmp_path / "a", ARRAYS)
    write_arrays(tmp_path / "b", ARRAYS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("flip", [0xFF, 0x01, 0x80])
def test_no_changed_byte_gives_other_arrays(flip: int, tmp_path: Path) -> None:
    file = tmp_path / "it.npz"
    write_arrays(file, ARRAYS)
    whole, content = read_arrays(file), file.read_bytes()
    noticed = 0
    for place in range(0, len(content), 3):
        file.write_bytes(content[:place] + bytes([content[place] ^ flip]) + content[place + 1 :])
        try:
            read = read_arrays(file)
        except NasctlError as error:
            noticed += 1
            assert str(file) in error.message
        else:
            assert same(read, whole), place
    assert noticed > len(content) / 6


def test_a_truncated_file_is_damaged(tmp_path: Path) -> None:
    file = tmp_path / "it.npz"
    write_arrays(file, ARRAYS)
    content = file.read_bytes()
    for length in range(0, len(content), 7):
        file.write_bytes(content[:length])
        with pytest.raises(NasctlError, match="is damaged"):
            read_arrays(file)


def test_pickles_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "it.npz", a=np.array([{}], dtype=object))
    with pytest.raises(NasctlError, match="is damaged"):
        read_arrays(tmp_path / "it.npz")
    with pytest.raises(ValueError, match="pickle"):
        write_arrays(tmp_path / "it.npz", {"a": np.array([{}], dtype=object)})
