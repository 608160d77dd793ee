"""The convolution of networks, and the selection of how it is computed.

Accelerators use XLA's convolution, which calls the vendor's library. CPUs use matrix products:

1. Each spatial axis may be unfolded (`unfolding`): a polyphase decomposition removes its stride, im2col its kernel.
2. If a kernel is left along either axis, Fourier transforms reduce the number of products (`fourier`); otherwise there
   is one product at each position (`position_products`).

A cost model selects the unfolding of each axis.

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

from nasctl.lowering.convolution.axis import Axis, centred_axis
from nasctl.lowering.convolution.dft_matrices import count_multiplications
from nasctl.lowering.convolution.fourier import convolve_fourier
from nasctl.lowering.convolution.position_products import multiply
from nasctl.lowering.convolution.unfolding import Unfolding, direct, im2col, polyphase, unfold
from nasctl.lowering.numerics import at_least_float32

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]
Output = Float[Array, "H_s W_s F N"]
Unfoldings = tuple[Unfolding, Unfolding]

TRANSFORM_COST = 1.5
"""Time of a multiplication in a Fourier transform, relative to one in a product over channels, whose matrices are
larger."""
COPY_COST = 22
"""Time to copy one value, relative to a multiplication in a product over channels."""
CHANNEL_MULTIPLE = 8
"""Number of channels that the matrix units of a GPU process at once in bfloat16.

cuDNN pads other numbers of channels with zeros in separate kernels. Padding here lets XLA fuse it with the operation
that computes the maps. Padding in float32 gains nothing.
"""


def convolve(maps: Maps, kernel: Kernel, stride: tuple[int, int]) -> Output:
    """Cross-correlates feature maps with a kernel; the output has ceil(size / stride) positions along each axis.

    An axis of k taps is padded by (k - 1) // 2 zeros before and k // 2 after, whatever the stride. Odd kernels are
    therefore centred as with `padding=k // 2` in PyTorch.

    Args:
      maps: The input.
      kernel: The weights, of any size, odd or even.
      stride: Distance between positions, vertical and horizontal.
    """
    (height, rows), (width, columns) = (
        centred_axis(*axis) for axis in zip(maps.shape[:2], kernel.shape[:2], stride, strict=True)
    )
    kernel = kernel[rows, columns]
    if jax.default_backend() != "cpu":
        return _convolve_by_library(maps, kernel, height, width)
    # CPUs have no fast products in bfloat16 or float16, and the transforms need the precision of float32.
    dtype, maps, kernel = maps.dtype, at_least_float32(maps), at_least_float32(kernel)
    unfoldings = select_unfoldings(height, width, *kernel.shape[2:])
    for dimension, unfolding in enumerate(unfoldings):
        maps, kernel = unfold(maps, kernel, unfolding, dimension)
    height, width = (unfolding.remaining for unfolding in unfoldings)
    if height.taps == width.taps == 1:
        return multiply(jnp.swapaxes(kernel, 2, 3), maps).astype(dtype)
    return convolve_fourier(maps, kernel, height, width).astype(dtype)


def _convolve_by_library(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Output:
    filters = kernel.shape[3]
    if maps.dtype == jnp.bfloat16:
        missing_channels, missing_filters = (-size % CHANNEL_MULTIPLE for size in kernel.shape[2:])
        maps = jnp.pad(maps, [(0, 0), (0, 0), (0, missing_channels), (0, 0)])
        kernel = jnp.pad(kernel, [(0, 0), (0, 0), (0, missing_channels), (0, missing_filters)])
    output = lax.conv_general_dilated(
        maps,
        kernel,
        (height.stride, width.stride),
        [(height.pad_before, height.pad_after), (width.pad_before, width.pad_after)],
        dimension_numbers=("HWCN", "HWIO", "HWCN"),
    )
    return output[:, :, :filters]


def select_unfoldings(height: Axis, width: Axis, channels: int, filters: int) -> Unfoldings:
    """Selects the unfoldings with which a training step of a layer is fastest on a CPU, according to the cost model.

    `benchmarks/convolution_forms.py` measures every combination, and how much slower the selected one is than the
    fastest.

    Args:
      height: The vertical axis of the layer.
      width: The horizontal axis of the layer.
      channels: C.
      filters: F.
    """
    every = product(unfoldings_of(height), unfoldings_of(width))
    return min(every, key=lambda unfoldings: _cost(unfoldings, channels, filters))


def unfoldings_of(axis: Axis) -> list[Unfolding]:
    """Lists the unfoldings that differ on an axis, in the order im2col, direct, polyphase."""
    if axis.taps == 1:
        return [im2col(axis)]
    if axis.stride == 1:
        return [im2col(axis), direct(axis)]
    return [im2col(axis), direct(axis), polyphase(axis)]


def _cost(unfoldings: Unfoldings, channels: int, filters: int) -> float:
    """Estimates the time of a training step for one example, in multiplications of a product over channels.

    A training step computes the output, the gradient of the maps and the gradient of the kernel.
    """
    sizes = [unfolding.axis.size for unfolding in unfoldings]
    copied = 0
    for dimension, unfolding in enumerate(unfoldings):
        if unfolding.copies:
            channels *= len(unfolding.offsets)
            sizes[dimension] = unfolding.remaining.size
            copied += prod(sizes) * channels
    work = count_multiplications(*(unfolding.remaining for unfolding in unfoldings))
    return (
        3 * work.factors * channels * filters
        + 2 * TRANSFORM_COST * (work.maps * channels + work.output * filters)
        + 2 * COPY_COST * copied
    )
