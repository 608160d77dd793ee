"""The one convolution that networks are made of, with its gradients written out.

XLA's CPU back-end has a fast path for convolutions whose operands lie in canonical order (NHWC, HWIO, NHWC).
It brings others into that order only in the outermost computation, so inside `lax.scan` the gradients that
automatic differentiation writes are 30 to 200 times slower; and where a stride spreads a gradient out with
zeros, it multiplies the zeros, or leaves the fast path altogether. Here all three convolutions of a training
step are canonical, with explicit transposes and reversals, none reads zeros between places, and 1×1 kernels
are plain matrix products.

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

Pair = tuple[int, int]
Padding = tuple[Pair, Pair]
Maps = Float[Array, "N H W C"]
Kernel = Float[Array, "h w C F"]
Visited = Float[Array, "N H_s W_s F"]


def convolve(maps: Maps, kernel: Kernel, stride: Pair) -> Visited:
    """Correlates maps with a kernel, padded so that a stride of s gives ceil(size / s) places.

    An axis of the kernel of size k is padded by (k - 1) // 2 zeros before and k // 2 after, whatever the
    stride, so that odd kernels are centred as `padding=k // 2` centres them in PyTorch.

    Args:
      maps: The input.
      kernel: The weights, of any size, odd or even.
      stride: Steps between the places, down and across.
    """
    (rows, down), (columns, across) = (
        _within_reach(*axis) for axis in zip(maps.shape[1:3], kernel.shape[:2], stride, strict=True)
    )
    return _convolve(maps, kernel[rows, columns], stride, (down, across))


def _within_reach(size: int, window: int, stride: int) -> tuple[slice, Pair]:
    """The taps that see more than padding, as small maps leave few of a large kernel; and the padding for them."""
    before = (window - 1) // 2
    first = max(0, before - (_places(size, stride) - 1) * stride)
    last = min(window, before + size)
    return slice(first, last), (before - first, window // 2 - (window - last))


@partial(jax.custom_vjp, nondiff_argnums=(2, 3))
def _convolve(maps: Maps, kernel: Kernel, stride: Pair, padding: Padding) -> Visited:
    if kernel.shape[:2] == (1, 1):
        return _product(maps[:, :: stride[0], :: stride[1]], kernel)
    return _correlate(maps, kernel, padding, stride=stride)


def _forward(
    maps: Maps, kernel: Kernel, stride: Pair, padding: Padding
) -> tuple[Visited, tuple[Maps, Kernel]]:
    return _convolve(maps, kernel, stride, padding), (maps, kernel)


def _backward(
    stride: Pair, padding: Padding, residuals: tuple[Maps, Kernel], gradient: Visited
) -> tuple[Maps, Kernel]:
    maps, kernel = residuals
    return (
        _maps_gradient(kernel, gradient, maps.shape[1:3], stride, padding),
        _kernel_gradient(maps, gradient, kernel.shape[:2], stride, padding),
    )


_convolve.defvjp(_forward, _backward)


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


def _maps_gradient(
    kernel: Kernel, gradient: Visited, size: tuple[int, ...], stride: Pair, padding: Padding
) -> Maps:
    """Gradient of the maps: for each phase of the stride a correlation with its taps, and these interleaved."""
    before = [pair[0] for pair in padding]
    down, across = (_phases(*axis) for axis in zip(size, kernel.shape[:2], stride, before, strict=True))
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
    top, left = (zeros % step for zeros, step in zip(before, stride, strict=True))
    return _interleaved(rows, axis=1)[:, top : top + size[0], left : left + size[1]]


def _phases(size: int, window: int, stride: int, before: int) -> list[_Phase]:
    """One for each remainder that a position of the padded axis can have when divided by the stride.

    Position p of the padded axis is reached from place (p - t) / stride by the taps t for which that is
    whole. The positions that are looked at begin at the last multiple of the stride that is not after the
    unpadded axis.
    """
    skipped, rest = divmod(before, stride)
    places = _places(rest + size, stride)
    phases = []
    for remainder in range(stride):
        count = len(range(remainder, window, stride))
        padding = (count - 1 - skipped, skipped + places - _places(size, stride))
        phases.append(_Phase(slice(remainder, None, stride), padding, places))
    return phases


def _interleaved(phases: list[Array], *, axis: int) -> Array:
    """One value of each in turn."""
    if len(phases) == 1:
        return phases[0]
    shape = list(phases[0].shape)
    shape[axis] *= len(phases)
    return jnp.stack(phases, axis=axis + 1).reshape(shape)


def _kernel_gradient(
    maps: Maps, gradient: Visited, window: tuple[int, ...], stride: Pair, padding: Padding
) -> Kernel:
    """Gradient of the kernel: the maps correlated with the gradient, examples in the place of channels."""
    if window == (1, 1):
        visited = maps[:, :: stride[0], :: stride[1]].reshape(-1, maps.shape[3])
        return (gradient.reshape(-1, gradient.shape[3]).T @ visited).T[None, None]
    down, across = (
        (before, (places - 1) * step + taps - size - before)
        for size, places, taps, step, (before, _) in zip(
            maps.shape[1:3], gradient.shape[1:3], window, stride, padding, strict=True
        )
    )
    channels_first, places_first = jnp.transpose(maps, (3, 1, 2, 0)), jnp.transpose(gradient, (1, 2, 0, 3))
    kernel = _correlate(channels_first, places_first, (down, across), dilation=stride)
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


def _places(size: int, stride: int) -> int:
    """Number of places of an axis that a stride visits."""
    return -(-size // stride)
