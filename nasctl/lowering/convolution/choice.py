"""The one convolution that networks are made of, in the form that is the fastest where it runs.

On accelerators that is XLA's own, which calls the vendor's library. On a CPU it is one of three: plain products for
kernels of one tap, the transform convolution, or XLA's in canonical order where that takes less.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel; H_s and
W_s are ceil(H / stride) and ceil(W / stride).
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from nasctl.lowering.axis import Axis, centred
from nasctl.lowering.convolution.canonical import convolve_canonically
from nasctl.lowering.convolution.matrices import work_of
from nasctl.lowering.convolution.transform import convolve_by_transform
from nasctl.lowering.order import examples_first, examples_last

_UNFILLED = 2
"""Channels for which the vectors of XLA's convolution have room beside those that there are, on average."""

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]
Visited = Float[Array, "H_s W_s F N"]


def convolve(maps: Maps, kernel: Kernel, stride: tuple[int, int]) -> Visited:
    """Correlates maps with a kernel, padded so that a stride of s gives ceil(size / s) places.

    An axis of the kernel of size k is padded by (k - 1) // 2 zeros before and k // 2 after, whatever the
    stride, so that odd kernels are centred as `padding=k // 2` centres them in PyTorch.

    Args:
      maps: The input.
      kernel: The weights, of any size, odd or even.
      stride: Steps between the places, down and across.
    """
    (height, rows), (width, columns) = (
        centred(*axis) for axis in zip(maps.shape[:2], kernel.shape[:2], stride, strict=True)
    )
    kernel = kernel[rows, columns]
    if jax.default_backend() != "cpu":
        return _by_library(maps, kernel, height, width)
    maps, height, width = _visited(maps, height, width)
    if (height.taps, width.taps) == (1, 1):
        return _product(maps, kernel)
    if transform_pays(height, width, kernel.shape[2], kernel.shape[3]):
        return convolve_by_transform(maps, kernel, height, width)
    return examples_last(convolve_canonically(examples_first(maps), kernel, height, width))


def _by_library(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Visited:
    return lax.conv_general_dilated(
        maps,
        kernel,
        (height.stride, width.stride),
        [(height.before, height.after), (width.before, width.after)],
        dimension_numbers=("HWCN", "HWIO", "HWCN"),
    )


def _visited(maps: Maps, height: Axis, width: Axis) -> tuple[Maps, Axis, Axis]:
    """Leaves out what an axis with a single tap steps over."""
    down, across = (axis.stride if axis.taps == 1 else 1 for axis in (height, width))
    maps = maps[::down, ::across]
    if height.taps == 1:
        height = Axis(maps.shape[0], 1, 1, 0)
    if width.taps == 1:
        width = Axis(maps.shape[1], 1, 1, 0)
    return maps, height, width


def _product(maps: Maps, kernel: Float[Array, "1 1 C F"]) -> Float[Array, "H W F N"]:
    """A convolution of one tap: a product of matrices at each place."""
    weights = kernel[0, 0].T
    return jnp.broadcast_to(weights, (*maps.shape[:2], *weights.shape)) @ maps


def transform_pays(height: Axis, width: Axis, channels: int, filters: int) -> bool:
    """Whether a training step of a layer takes less time by the transform than by XLA's convolution, on a CPU.

    That is, fewer multiplications, of which either does about as many a second; but XLA does fewer where there are too
    few channels to fill its vectors. `benchmarks/convolution_forms.py` measures both forms and this rule.
    """
    work = work_of(height, width)
    transform = 3 * work.factors * channels * filters + 2 * (work.maps * channels + work.output * filters)
    taps, places = height.taps * width.taps, height.places * width.places
    return 3 * taps * places * (channels + _UNFILLED) * filters > transform
