"""The one convolution that networks are made of, in the form that is the fastest where it runs.

On accelerators that is XLA's own, which calls the vendor's library. On a CPU it is made of products of matrices: a
Fourier transform leaves few of them where a kernel is large, and views of the maps rid a layer of its stride or of its
taps (`transform`, `views`). Each axis is read in the way that takes the least work.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel; H_s and
W_s are ceil(H / stride) and ceil(W / stride).
"""

from __future__ import annotations

from itertools import product
from math import prod

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from nasctl.lowering.axis import Axis, centred
from nasctl.lowering.convolution.matrices import work_of
from nasctl.lowering.convolution.place_products import multiply
from nasctl.lowering.convolution.transform import convolve_by_transform
from nasctl.lowering.convolution.views import Reading, as_it_is, by_phases, by_taps, read
from nasctl.lowering.precise import at_least_single

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]
Visited = Float[Array, "H_s W_s F N"]
Readings = tuple[Reading, Reading]

TRANSFORMING = 1.5
"""Time of a multiplication in a transform, whose matrices are small and whose operands large; others take 1."""
COPYING = 22
"""Time that a value takes to be laid elsewhere, in multiplications."""
TOGETHER = 8
"""Channels that a GPU's matrix units take at once in bfloat16: the library fills them up with zeros by kernels of its
own; here that is a part of whatever computes the maps. In float32 it gains nothing."""


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
    # CPUs have no fast products of shorter numbers, and a transform needs the digits
    given, maps, kernel = maps.dtype, at_least_single(maps), at_least_single(kernel)
    readings = least_work(height, width, *kernel.shape[2:])
    for number, reading in enumerate(readings):
        maps, kernel = read(maps, kernel, reading, number)
    height, width = (reading.left for reading in readings)
    if height.taps == width.taps == 1:
        return multiply(jnp.swapaxes(kernel, 2, 3), maps).astype(given)
    return convolve_by_transform(maps, kernel, height, width).astype(given)


def _by_library(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Visited:
    filters = kernel.shape[3]
    if maps.dtype == jnp.bfloat16:
        channels_to_fill, filters_to_fill = (-size % TOGETHER for size in kernel.shape[2:])
        maps = jnp.pad(maps, [(0, 0), (0, 0), (0, channels_to_fill), (0, 0)])
        kernel = jnp.pad(kernel, [(0, 0), (0, 0), (0, channels_to_fill), (0, filters_to_fill)])
    output = lax.conv_general_dilated(
        maps,
        kernel,
        (height.stride, width.stride),
        [(height.before, height.after), (width.before, width.after)],
        dimension_numbers=("HWCN", "HWIO", "HWCN"),
    )
    return output[:, :, :filters]


def least_work(height: Axis, width: Axis, channels: int, filters: int) -> Readings:
    """How to read the axes of a layer so that a training step takes the least work, on a CPU.

    `benchmarks/convolution_forms.py` measures all ways and what this one loses against the fastest.
    """
    return min(product(ways(height), ways(width)), key=lambda readings: _work(readings, channels, filters))


def ways(axis: Axis) -> list[Reading]:
    """All ways to read an axis: by its taps, as it is, by its phases, where there are several of them."""
    if axis.taps == 1:
        return [by_taps(axis)]
    if axis.stride == 1:
        return [by_taps(axis), as_it_is(axis)]
    return [by_taps(axis), as_it_is(axis), by_phases(axis)]


def _work(readings: Readings, channels: int, filters: int) -> float:
    """Multiplications for an example, in the output and both gradients, and what takes as long as some."""
    sizes = [reading.axis.size for reading in readings]
    copied = 0
    for number, reading in enumerate(readings):
        if reading.copies:
            channels *= len(reading.offsets)
            sizes[number] = reading.left.size
            copied += prod(sizes) * channels
    work = work_of(*(reading.left for reading in readings))
    return (
        3 * work.factors * channels * filters
        + 2 * TRANSFORMING * (work.maps * channels + work.output * filters)
        + 2 * COPYING * copied
    )
