"""Pooling and depthwise convolution, as sums and maxima over shifted views of a map.

Of XLA's own window ops on CPU, the gradient of a maximum visits place by place (5 to 20 times slower than
this), and a depthwise convolution inside `lax.scan` leaves the fast path (20 to 180 times). Shifted views are
elementwise arithmetic, which every platform fuses, and so are their gradients. Windows are placed as those of
`convolve`.

Letters: N examples, H and W height and width, C channels, h and w height and width of the window; H_s and W_s
are ceil(H / stride) and ceil(W / stride).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce

import jax.numpy as jnp
import numpy as np
from jax import Array, lax
from jaxtyping import Float

from nasctl.lowering.precise import at_least_single

Maps = Float[Array, "H W C N"]
Visited = Float[Array, "H_s W_s C N"]


def max_pool(maps: Maps, window: tuple[int, int], stride: tuple[int, int]) -> Visited:
    """The maximum over each window; equal maxima share its gradient."""
    return _along_both(maps, window, stride, jnp.maximum, outside=-jnp.inf)


def average_pool(maps: Maps, window: tuple[int, int], stride: tuple[int, int]) -> Visited:
    """The mean over what of each window lies on the map."""
    sums = _along_both(maps, window, stride, jnp.add, outside=0)
    ones = np.ones((*maps.shape[:2], 1, 1), np.float32)
    counts = _along_both(jnp.asarray(ones), window, stride, jnp.add, outside=0)
    return sums * (1 / counts).astype(maps.dtype)


def convolve_depthwise(maps: Maps, kernel: Float[Array, "h w C"], stride: tuple[int, int]) -> Visited:
    """Correlates each channel with a kernel of its own; the sum is one of float32 numbers at least."""
    given, maps, kernel = maps.dtype, at_least_single(maps), at_least_single(kernel)
    total = sum(
        (
            view * kernel[row, column, :, None]
            for row, rows in enumerate(_views(maps, kernel.shape[0], stride[0], axis=0, outside=0))
            for column, view in enumerate(_views(rows, kernel.shape[1], stride[1], axis=1, outside=0))
        ),
        start=jnp.zeros((), maps.dtype),
    )
    return total.astype(given)


def _along_both(
    maps: Maps,
    window: tuple[int, int],
    stride: tuple[int, int],
    combine: Callable[[Array, Array], Array],
    *,
    outside: float,
) -> Visited:
    for axis in (0, 1):
        views = _views(maps, window[axis], stride[axis], axis=axis, outside=outside)
        maps = reduce(combine, views)
    return maps


def _views(maps: Array, window: int, stride: int, *, axis: int, outside: float) -> list[Array]:
    """For each position in a window, what the windows along one axis see there."""
    size = maps.shape[axis]
    reach = (-(-size // stride) - 1) * stride
    before = (window - 1) // 2
    padding = [(0, 0, 0)] * maps.ndim
    padding[axis] = (before, max(0, reach + window - size - before), 0)
    padded = lax.pad(maps, jnp.asarray(outside, maps.dtype), padding)
    return [
        lax.slice_in_dim(padded, position, position + reach + 1, stride, axis) for position in range(window)
    ]
