"""Pooling and depthwise convolution, as sums and maxima over shifted slices of the maps.

XLA's own window ops are slow on CPUs: the gradient of max-pooling handles one position at a time (5 to 20 times slower
than here), and a depthwise convolution inside `lax.scan` does not use the fast kernels (20 to 180 times slower).
Shifted slices need only elementwise arithmetic, in the gradients too, and every platform fuses it. Padding is that of
`convolve`.

Letters: N examples, H and W height and width, C channels, h and w height and width of the window; H_s and W_s are
ceil(H / stride) and ceil(W / stride).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from nasctl.lowering.numerics import at_least_float32

Maps = Float[Array, "H W C N"]
Output = Float[Array, "H_s W_s C N"]


def max_pool(maps: Maps, window: tuple[int, int], stride: tuple[int, int]) -> Output:
    """Computes the maximum over each window; equal maxima share its gradient.

    Args:
      maps: The input.
      window: Height and width of the window.
      stride: Distance between windows, vertical and horizontal.
    """
    return _reduce_windows(maps, window, stride, jnp.maximum, outside=-jnp.inf)


def average_pool(maps: Maps, window: tuple[int, int], stride: tuple[int, int]) -> Output:
    """Computes the mean over the part of each window that lies inside the maps.

    Args:
      maps: The input.
      window: Height and width of the window.
      stride: Distance between windows, vertical and horizontal.
    """
    sums = _reduce_windows(maps, window, stride, jnp.add, outside=0)
    ones = np.ones((*maps.shape[:2], 1, 1), np.float32)
    counts = _reduce_windows(jnp.asarray(ones), window, stride, jnp.add, outside=0)
    return sums * (1 / counts).astype(maps.dtype)


def convolve_depthwise(maps: Maps, kernel: Float[Array, "h w C"], stride: tuple[int, int]) -> Output:
    """Cross-correlates each channel with a kernel of its own, in float32 or float64.

    Args:
      maps: The input.
      kernel: The weights.
      stride: Distance between positions, vertical and horizontal.

    Returns:
      The output, with the dtype of the maps.
    """
    dtype, maps, kernel = maps.dtype, at_least_float32(maps), at_least_float32(kernel)
    total = sum(
        (
            piece * kernel[row, column, :, None]
            for row, rows in enumerate(_slices(maps, kernel.shape[0], stride[0], axis=0, outside=0))
            for column, piece in enumerate(_slices(rows, kernel.shape[1], stride[1], axis=1, outside=0))
        ),
        start=jnp.zeros((), maps.dtype),
    )
    return total.astype(dtype)


def _reduce_windows(
    maps: Maps,
    window: tuple[int, int],
    stride: tuple[int, int],
    combine: Callable[[Array, Array], Array],
    *,
    outside: float,
) -> Output:
    for axis in (0, 1):
        slices = _slices(maps, window[axis], stride[axis], axis=axis, outside=outside)
        maps = reduce(combine, slices)
    return maps


def _slices(maps: Array, window: int, stride: int, *, axis: int, outside: float) -> list[Array]:
    """Returns an array for each offset in a window: the values at this offset of all windows along one axis."""
    size = maps.shape[axis]
    reach = (-(-size // stride) - 1) * stride
    before = (window - 1) // 2
    padding = [(0, 0, 0)] * maps.ndim
    padding[axis] = (before, max(0, reach + window - size - before), 0)
    padded = lax.pad(maps, jnp.asarray(outside, maps.dtype), padding)
    return [
        lax.slice_in_dim(padded, position, position + reach + 1, stride, axis) for position in range(window)
    ]
