"""Turns the stride or the taps along an axis of a convolution into channels.

With stride v, output p sees at tap t the input v p + t - pad_before. There are two ways to simplify this:

- Polyphase decomposition. Phase r of the input is every v-th value from r on. Write t - pad_before = v q + r with
  0 ≤ r < v. Then tap t sees value p + q of phase r. With the v phases as channels, the convolution has stride 1.
- im2col. With the values that each tap sees as channels, the convolution has a single tap and stride 1.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel; P output
positions along the axis, V views of the input, each of C channels.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from nasctl.lowering.convolution.axis import Axis

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]


class Unfolding(NamedTuple):
    """How an axis of a convolution is unfolded into channels.

    Attributes:
      axis: The axis before unfolding.
      remaining: The axis after unfolding.
      offsets: The input position, relative to stride × p, at which each view begins; in the order of the new channels.
    """

    axis: Axis
    remaining: Axis
    offsets: range

    @property
    def copies(self) -> bool:
        """Whether the maps have to be copied."""
        return self.remaining != self.axis


def direct(axis: Axis) -> Unfolding:
    """Leaves an axis as it is."""
    return Unfolding(axis, axis, range(1))


def polyphase(axis: Axis) -> Unfolding:
    """Removes the stride of an axis: each of its phases becomes C channels."""
    before = -(-axis.pad_before // axis.stride)
    last = (axis.taps - 1 - axis.pad_before) // axis.stride
    return Unfolding(axis, Axis(axis.output_size, before + last + 1, 1, before), range(axis.stride))


def im2col(axis: Axis) -> Unfolding:
    """Removes the taps of an axis: what each tap sees becomes C channels."""
    offsets = range(-axis.pad_before, axis.taps - axis.pad_before)
    return Unfolding(axis, Axis(axis.output_size, 1, 1, 0), offsets)


def unfold(
    maps: Maps, kernel: Kernel, unfolding: Unfolding, dimension: int
) -> tuple[Float[Array, "_ _ _ N"], Float[Array, "_ _ _ F"]]:
    """Unfolds both operands of a convolution along one axis.

    Args:
      maps: The input.
      kernel: The weights.
      unfolding: How to unfold the axis.
      dimension: Which axis: 0 for the vertical, 1 for the horizontal one.

    Returns:
      Maps and kernel of a convolution with the same output, whose axis is `unfolding.remaining`.
    """
    if not unfolding.copies:
        return maps, kernel
    axis, remaining, offsets = unfolding
    count = len(offsets)
    before = count * remaining.pad_before - axis.pad_before - offsets[0]
    kernel = _pad(kernel, before, count * remaining.taps - axis.taps - before, dimension)
    shape = list(kernel.shape)
    shape[dimension : dimension + 1] = [remaining.taps, count]
    split = jnp.moveaxis(kernel.reshape(shape), dimension + 1, 2)
    folded = split.reshape(*split.shape[:2], -1, kernel.shape[3])
    return _concatenate_views(maps, axis, offsets, dimension), folded


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _concatenate_views(maps: Maps, axis: Axis, offsets: range, dimension: int) -> Float[Array, "_ _ _ N"]:
    """Concatenates strided views along the channels.

    Position p of a view has the maps at stride × p + the offset of the view. The output has P positions along the axis
    and V C channels.
    """
    reach = (axis.output_size - 1) * axis.stride + 1
    padded = _pad(maps, -offsets[0], offsets[-1] + reach - axis.size, dimension)
    views = [
        lax.slice_in_dim(padded, view, view + reach, axis.stride, dimension) for view in range(len(offsets))
    ]
    return jnp.concatenate(views, axis=2)


def _forward(maps: Maps, axis: Axis, offsets: range, dimension: int) -> tuple[Array, None]:
    return _concatenate_views(maps, axis, offsets, dimension), None


def _backward(axis: Axis, offsets: range, dimension: int, residuals: None, gradient: Array) -> tuple[Maps]:
    """Adds up the gradients of the views of each phase, then interleaves the phases."""
    shape = list(gradient.shape)
    shape[2] //= len(offsets)
    shape[dimension] = axis.output_size
    phases = [jnp.zeros(shape, gradient.dtype)] * axis.stride
    for offset, view in zip(offsets, jnp.split(gradient, len(offsets), axis=2), strict=True):
        position, phase = divmod(offset, axis.stride)
        phases[phase] += _pad(view, position, -position, dimension)
    shape[dimension] *= axis.stride
    interleaved = jnp.stack(phases, axis=dimension + 1).reshape(shape)
    return (lax.slice_in_dim(interleaved, 0, axis.size, axis=dimension),)


_concatenate_views.defvjp(_forward, _backward)


def _pad(maps: Array, before: int, after: int, dimension: int) -> Array:
    """Pads an axis with zeros; a negative number removes that many values instead."""
    edges = [(0, 0, 0)] * maps.ndim
    edges[dimension] = (before, after, 0)
    return lax.pad(maps, jnp.zeros((), maps.dtype), edges)
