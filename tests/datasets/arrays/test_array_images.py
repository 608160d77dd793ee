"""Images are brought to one form by what is certain, and refused with the place where it is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets.arrays.images import read_images
from nasctl.errors import NasctlError

RNG = np.random.default_rng(0)


def read(train: np.ndarray, test: np.ndarray | None = None) -> tuple[dict[str, np.ndarray], list[str]]:
    arrays = {"train": ("x_train", train)}
    if test is not None:
        arrays["test"] = ("x_test", test)
    return read_images("a.npz", arrays)


def pixels(*shape: int) -> np.ndarray:
    return RNG.integers(0, 256, shape, np.uint8)


@pytest.mark.parametrize(
    ("shape", "becomes", "noted"),
    [
        ((5, 4, 6), (4, 6, 1), False),
        ((5, 4, 6, 1), (4, 6, 1), False),
        ((5, 4, 6, 3), (4, 6, 3), False),
        ((5, 8, 8, 13), (8, 8, 13), False),
        ((5, 3, 4, 4), (3, 4, 4), True),
        ((5, 3, 32, 32), (32, 32, 3), True),
        ((5, 1, 28, 28), (28, 28, 1), True),
        ((5, 4, 20, 84), (20, 84, 4), True),
        ((5, 784), (28, 28, 1), True),
        ((5, 64), (8, 8, 1), True),
    ],
)
def test_shapes(shape: tuple[int, ...], becomes: tuple[int, ...], noted: bool) -> None:
    images, notes = read(pixels(*shape))
    assert images["train"].shape == (5, *becomes)
    assert bool(notes) is noted


def test_channels_first_are_moved_and_flat_images_are_read_by_rows() -> None:
    images = pixels(5, 3, 32, 32)
    assert np.array_equal(read(images)[0]["train"], images.transpose(0, 2, 3, 1))
    flat = pixels(5, 784)
    assert np.array_equal(read(flat)[0]["train"][2, 1, :, 0], flat[2, 28:56])


@pytest.mark.parametrize("dtype", ["i1", "u2", "<i4", ">i4", ">u2", "i8", "u8", "f2", "f4", ">f4", "f8", "?"])
def test_other_dtypes_become_float32_with_the_same_values(dtype: str) -> None:
    images = RNG.integers(0, 100, (3, 4, 4)).astype(dtype)
    read_back = read(images)[0]["train"]
    assert read_back.dtype == np.float32
    assert np.array_equal(read_back[..., 0], images.astype(np.float32))


def test_column_major_arrays_are_read_alike() -> None:
    images = pixels(3, 5, 7, 3)
    read_back = read(np.asfortranarray(images))[0]["train"]
    assert np.array_equal(read_back, images)
    assert read_back.flags.c_contiguous


def test_a_memory_map_of_bytes_is_not_copied(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", pixels(3, 4, 4))
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    assert np.shares_memory(read(mapped)[0]["train"], mapped)


def test_bytes_beside_other_whole_numbers_become_bytes() -> None:
    images, notes = read(pixels(3, 4, 4), pixels(2, 4, 4).astype(np.int64))
    assert images["test"].dtype == np.uint8
    assert notes == ["the splits have different dtypes: all pixels are read as uint8"]
    images, _ = read(pixels(3, 4, 4), np.full((2, 4, 4), 300))
    assert images["train"].dtype == images["test"].dtype == np.float32


@pytest.mark.parametrize(
    ("train", "test", "message"),
    [
        (np.zeros((4, 16)), None, r"shape \(4, 16\)"),
        (np.zeros((4, 3072), np.uint8), None, "images of 32×32 pixels in three colours"),
        (np.zeros((4, 100, 3, 0)), None, "shape"),
        (np.zeros((4, 2, 8, 8, 3)), None, "shape"),
        (np.zeros((0, 8, 8)), None, "has no examples"),
        (np.zeros(4), None, "shape"),
        (np.zeros((4, 13, 64, 64), np.uint8), None, "second axis seems to be channels"),
        (np.zeros((4, 8, 8), complex), None, "dtype complex128"),
        (np.full((4, 8, 8), None), None, "dtype object"),
        (np.full((4, 8, 8), "a"), None, "dtype <U1"),
        (np.zeros((4, 8, 8), "M8[s]"), None, "dtype datetime64"),
        (np.r_[np.zeros((3, 8, 8)), np.full((1, 8, 8), np.nan)], None, "the first in example 3"),
        (np.full((4, 8, 8), np.inf, np.float32), None, "NaN or infinite"),
        (np.full((4, 8, 8), 1e300), None, "too large for float32"),
        (np.zeros((4, 8, 8)), np.zeros((4, 8, 9)), "but x_test has"),
        (RNG.random((4, 8, 8)), RNG.random((4, 8, 8)) * 255, "from .* but x_test from"),
        (RNG.random((4, 8, 8)) * 2 - 1, pixels(4, 8, 8), "but x_test from 0 to 255"),
        (pixels(4, 8, 8), RNG.random((4, 8, 8)), "x_train has values from 0 to 255"),
    ],
)
def test_errors_name_the_array(train: np.ndarray, test: np.ndarray | None, message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        read(train, test)


def test_ranges_that_may_be_meant_are_noted() -> None:
    _, notes = read(RNG.random((4, 8, 8)) * 5, RNG.random((4, 8, 8)) * 90)
    assert "but x_test from" in notes[0]
    assert read(RNG.random((4, 8, 8)), RNG.random((4, 8, 8)) * 0.9)[1] == []


@pytest.mark.parametrize("shape", [(3, 7, 7), (1, 5, 5), (3, 3, 3), (28, 28, 28)])
def test_shapes_that_may_have_channels_first_are_noted(shape: tuple[int, ...]) -> None:
    array = np.zeros((6, *shape), np.uint8)
    images, notes = read_images("a.npz", {"train": ("x", array)})
    assert images["train"].shape == array.shape
    assert any("store np.moveaxis(x, 1, -1)" in note for note in notes)
