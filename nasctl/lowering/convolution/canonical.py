"""A convolution by XLA's primitive, with its gradients written out.

XLA's CPU back-end has a fast path for convolutions whose operands lie in canonical order (NHWC, HWIO, NHWC).
It brings others into that order only in the outermost computation, so inside `lax.scan` the gradients that
automatic differentiation writes are 30 to 200 times slower; and where a stride spreads a gradient out with
zeros, it multiplies the zeros, or leaves the fast path altogether. Here all three convolutions of a training
step are canonical, with explicit transposes and reversals, and none reads zeros between places.

Letters: N examples, H and W height and width, C input channels, F filters, h and w height and width of the
kernel.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from nasctl.lowering.axis import Axis

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
Maps = Float[Array, "N H W C"]
Kernel = Float[Array, "h w C F"]
Visited = Float[Array, "N H_s W_s F"]


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def convolve_canonically(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> Visited:
    """Correlates maps with a kernel of more than one tap.

    Args:
      maps: The input, examples first.
      kernel: The weights.
      height: Sizes, stride and padding down the maps.
      width: The same across.
    """
    padding = ((height.before, height.after), (width.before, width.after))
    return _correlate(maps, kernel, padding, stride=(height.stride, width.stride))


def _forward(maps: Maps, kernel: Kernel, height: Axis, width: Axis) -> tuple[Visited, tuple[Maps, Kernel]]:
    return convolve_canonically(maps, kernel, height, width), (maps, kernel)


def _backward(
    height: Axis, width: Axis, residuals: tuple[Maps, Kernel], gradient: Visited
) -> tuple[Maps, Kernel]:
    maps, kernel = residuals
    return _maps_gradient(kernel, gradient, (height, width)), _kernel_gradient(
        maps, gradient, (height, width)
    )


convolve_canonically.defvjp(_forward, _backward)


class _Phase(NamedTuple):
    """The places of one axis that the same taps of a kernel reach with a stride, every `stride`-th.

    Attributes:
      taps: Those taps.
      padding: Of the gradient, so that its correlation with the taps turned round gives `places` values.
      places: Their number, equal for all phases of an axis.
    """

    taps: slice
    padding: Pair
    places: int


def _maps_gradient(kernel: Kernel, gradient: Visited, axes: tuple[Axis, Axis]) -> Maps:
    """Gradient of the maps: for each phase of the stride a correlation with its taps, and these interleaved."""
    down, across = map(_phases, axes)
    rows = []
    for row in down:
        columns = []
        for column in across:
            taps = kernel[row.taps, column.taps]
            if taps.size:
                turned = jnp.transpose(taps[::-1, ::-1], (0, 1, 3, 2))
                columns.append(_correlate(gradient, turned, (row.padding, column.padding)))
            else:
                shape = (gradient.shape[0], row.places, column.places, kernel.shape[2])
                columns.append(jnp.zeros(shape, gradient.dtype))
        rows.append(_interleaved(columns, axis=2))
    top, left = (axis.before % axis.stride for axis in axes)
    height, width = (axis.size for axis in axes)
    return _interleaved(rows, axis=1)[:, top : top + height, left : left + width]


def _phases(axis: Axis) -> list[_Phase]:
    """One for each remainder that a position of the padded axis can have when divided by the stride.

    Position p of the padded axis is reached from place (p - t) / stride by the taps t for which that is
    whole. The positions that are looked at begin at the last multiple of the stride that is not after the
    unpadded axis.
    """
    skipped, rest = divmod(axis.before, axis.stride)
    places = -(-(rest + axis.size) // axis.stride)
    phases = []
    for remainder in range(axis.stride):
        count = len(range(remainder, axis.taps, axis.stride))
        padding = (count - 1 - skipped, skipped + places - axis.places)
        phases.append(_Phase(slice(remainder, None, axis.stride), padding, places))
    return phases


def _interleaved(phases: list[Array], *, axis: int) -> Array:
    """One value of each in turn."""
    if len(phases) == 1:
        return phases[0]
    shape = list(phases[0].shape)
    shape[axis] *= len(phases)
    return jnp.stack(phases, axis=axis + 1).reshape(shape)


def _kernel_gradient(maps: Maps, gradient: Visited, axes: tuple[Axis, Axis]) -> Kernel:
    """Gradient of the kernel: the maps correlated with the gradient, examples in the place of channels."""
    down, across = ((axis.before, axis.after) for axis in axes)
    channels_first, places_first = jnp.transpose(maps, (3, 1, 2, 0)), jnp.transpose(gradient, (1, 2, 0, 3))
    steps = (axes[0].stride, axes[1].stride)
    kernel = _correlate(channels_first, places_first, (down, across), dilation=steps)
    return jnp.transpose(kernel, (1, 2, 0, 3))


def _correlate(
    maps: Array, kernel: Array, padding: Padding, *, stride: Pair = (1, 1), dilation: Pair = (1, 1)
) -> Array:
    """The primitive, in canonical order; `dilation` is that of the kernel."""
    if kernel.shape[:2] == (1, 1) and stride == (1, 1):
        return _product(_padded(maps, padding), kernel)
    if prod(kernel.shape[:2]) > prod(maps.shape[1:3]):
        # XLA would let the two change roles and read one of them backwards, which is off the fast path.
        maps = lax.optimization_barrier(_padded(maps, padding))  # type: ignore[no-untyped-call]
        padding = ((0, 0), (0, 0))
    return lax.conv_general_dilated(
        maps, kernel, stride, padding, rhs_dilation=dilation, dimension_numbers=("NHWC", "HWIO", "NHWC")
    )


def _padded(maps: Maps, padding: Padding) -> Maps:
    """The maps with zeros around them."""
    axes = [(0, 0, 0), *((before, after, 0) for before, after in padding), (0, 0, 0)]
    return lax.pad(maps, jnp.zeros((), maps.dtype), axes)


def _product(maps: Maps, kernel: Float[Array, "1 1 C F"]) -> Float[Array, "N H W F"]:
    """A 1×1 convolution as one product of matrices."""
    return (maps.reshape(-1, maps.shape[3]) @ kernel[0, 0]).reshape(*maps.shape[:3], kernel.shape[3])
