"""Arrays in memory pages of their own, which JAX uses on a CPU without copying them."""

from __future__ import annotations

import math
import mmap

import numpy as np
from numpy.typing import DTypeLike


def page_aligned(shape: tuple[int, ...], dtype: DTypeLike) -> np.ndarray:
    """An array of zeros that begins at the start of a page. Its memory is returned to the system when it is deleted.

    `jax.device_put` does not copy an array on a CPU if its address is a multiple of 64.
    """
    kind = np.dtype(dtype)
    count = math.prod(shape)
    # By default the pages would be shared memory, which limits and tools count apart.
    pages = mmap.mmap(-1, max(1, count * kind.itemsize), flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    return np.frombuffer(pages, kind, count).reshape(shape)
