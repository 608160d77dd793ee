import mmap
from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import Examples, rows
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.rows import Rows, ask_for_rows, blocks_of, is_mapped, read_rows


@pytest.fixture
def images() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (30, 4, 5, 3), np.uint8)


@pytest.fixture
def mapped(tmp_path: Path, images: np.ndarray) -> Examples:
    np.save(tmp_path / "images.npy", images)
    labels = np.arange(30, dtype=np.int32)
    return Examples(np.load(tmp_path / "images.npy", mmap_mode="r"), labels)


def test_rows_stand_for_an_array(images: np.ndarray) -> None:
    indices = np.array([3, 3, 20, 1])
    rows_of, array = Rows(images, indices), images[indices]
    assert (len(rows_of), rows_of.shape, rows_of.ndim) == (4, array.shape, array.ndim)
    assert (rows_of.dtype, rows_of.nbytes) == (array.dtype, array.nbytes)
    np.testing.assert_array_equal(np.asarray(rows_of), array)
    np.testing.assert_array_equal(np.asarray(rows_of, np.float64), array.astype(np.float64))
    np.testing.assert_array_equal(rows_of[1:3], array[1:3])
    np.testing.assert_array_equal(rows_of[2], array[2])
    np.testing.assert_array_equal(rows_of[np.array([0, -1])], array[[0, -1]])


def test_examples_of_a_memory_map_are_taken_without_reading_them(
    mapped: Examples, images: np.ndarray
) -> None:
    taken = mapped.take(np.array([5, 7, 8])).take(np.array([2, 0]))
    assert isinstance(taken.inputs, Rows) and taken.inputs.array is mapped.inputs
    np.testing.assert_array_equal(np.asarray(taken.inputs), images[[8, 5]])
    np.testing.assert_array_equal(taken.labels, [8, 5])


def test_views_of_a_memory_map_are_memory_maps_and_copies_are_not(mapped: Examples) -> None:
    inputs = mapped.inputs
    assert isinstance(inputs, np.memmap)
    assert (
        is_mapped(inputs) and is_mapped(np.asarray(inputs)[:, :2]) and is_mapped(inputs[3:].reshape(27, -1))
    )
    assert not any(map(is_mapped, (inputs.copy(), inputs.astype(float), inputs + 1, inputs[[0, 1]])))


def test_examples_in_memory_are_copied(images: np.ndarray) -> None:
    taken = Examples(images, np.zeros(30)).take(np.array([4]))
    assert isinstance(taken.inputs, np.ndarray) and not np.shares_memory(taken.inputs, images)


def test_rows_are_read_into_a_buffer(mapped: Examples, images: np.ndarray) -> None:
    for source in (mapped.inputs, images, Rows(images, np.arange(30)[::-1])):
        buffer = np.zeros((3, 4, 5, 3), np.uint8)
        read_rows(source, np.array([2, 9, 9]), buffer)
        np.testing.assert_array_equal(buffer, np.asarray(source)[[2, 9, 9]])


@pytest.mark.parametrize("indices", [[0], [3, 4, 5, 20], [27, 0, 7, 7, 8], []])
def test_the_system_is_asked_for_the_pages_of_rows_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, indices: list[int]
) -> None:
    big = np.arange(30 * 3000, dtype=np.int32).reshape(30, 3000)
    np.save(tmp_path / "big.npy", big)
    mapped = np.load(tmp_path / "big.npy", mmap_mode="r")
    asked: set[int] = set()

    class Pages:
        def madvise(self, advice: int, start: int, length: int) -> None:
            assert (advice, start % mmap.PAGESIZE) == (mmap.MADV_WILLNEED, 0)
            asked.update(range(start // mmap.PAGESIZE, (start + length) // mmap.PAGESIZE))

    view = mapped[2:]
    with monkeypatch.context() as patched:
        patched.setattr(mapped, "_mmap", Pages())
        ask_for_rows(np.asarray(view), np.array(indices, int))
    content = (tmp_path / "big.npy").read_bytes()
    needed = set()
    for index in indices:
        at = content.index(big[2 + index].tobytes())
        needed |= set(range(at // mmap.PAGESIZE, (at + 12000 - 1) // mmap.PAGESIZE + 1))
    assert asked == needed


def test_a_digest_does_not_depend_on_how_the_examples_are_read(
    mapped: Examples, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rows, "_BLOCK", 100)
    indices = np.random.default_rng(0).permutation(30)[:13]
    read = Examples(images[indices], mapped.labels[indices])
    assert digest_of_examples({"train": mapped.take(indices)}, "a") == digest_of_examples(
        {"train": read}, "a"
    )
    assert len(list(blocks_of(mapped.inputs))) == 30
    np.testing.assert_array_equal(np.concatenate(list(blocks_of(mapped.inputs))), images)
