import mmap
from pathlib import Path

import jax
import numpy as np
import pytest

from nasctl.training.page_aligned import page_aligned


@pytest.mark.parametrize("shape", [(3, 4), (0, 4), (5,)])
def test_an_array_of_zeros_begins_at_a_page(shape: tuple[int, ...]) -> None:
    array = page_aligned(shape, np.float32)
    assert array.shape == shape and array.dtype == np.float32
    assert array.ctypes.data % mmap.PAGESIZE == 0 and not array.any()
    array[...] = 1


def test_jax_does_not_copy_it_on_a_cpu() -> None:
    array = page_aligned((1000,), np.uint8)
    moved = jax.device_put(array, may_alias=True)
    assert moved.unsafe_buffer_pointer() == array.ctypes.data


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_it_is_memory_of_the_process_alone_and_is_returned() -> None:
    def private_megabytes() -> float:
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("RssAnon"))

    before = private_megabytes()
    array = page_aligned((64 * 2**20,), np.uint8)
    array[:] = 1
    assert private_megabytes() - before > 60
    del array
    assert private_megabytes() - before < 10
