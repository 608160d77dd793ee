"""What a layer sees along an axis, side by side as channels, so that its stride or its taps are gone.

With v steps between the places, tap t of place p sees value v p + t - before. Where t - before = v q + r, 0 ≤ r < v,
that is value p + q of phase r of the maps, which is their every v-th value from r on. So with the v phases as channels,
a layer needs no stride. And with what each tap sees as channels, every v-th value from t - before on, it has one tap.

Letters: H and W height and width, C channels, F filters, N examples, h and w height and width of the kernel; P places
along the axis, V views.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

from nasctl.lowering.axis import Axis

Maps = Float[Array, "H W C N"]
Kernel = Float[Array, "h w C F"]


class Reading(NamedTuple):
    """A way to read an axis of a layer.

    Attributes:
      axis: As the layer has it.
      left: What is left to do along it.
      offsets: Where the views of the maps begin that become channels, in that order.
    """

    axis: Axis
    left: Axis
    offsets: range

    @property
    def copies(self) -> bool:
        """Whether the maps are read in another way than they lie."""
        return self.left != self.axis


def as_it_is(axis: Axis) -> Reading:
    """No views."""
    return Reading(axis, axis, range(1))


def by_phases(axis: Axis) -> Reading:
    """Without the stride."""
    before = -(-axis.before // axis.stride)
    last = (axis.taps - 1 - axis.before) // axis.stride
    return Reading(axis, Axis(axis.places, before + last + 1, 1, before), range(axis.stride))


def by_taps(axis: Axis) -> Reading:
    """With a single tap."""
    return Reading(axis, Axis(axis.places, 1, 1, 0), range(-axis.before, axis.taps - axis.before))


def read(maps: Maps, kernel: Kernel, reading: Reading, number: int) -> tuple[Maps, Kernel]:
    """Operands of a layer that computes the same, with the axis that is left.

    Args:
      maps: The input.
      kernel: The weights.
      reading: Of the axis.
      number: Which axis: 0 down, 1 across.
    """
    if not reading.copies:
        return maps, kernel
    axis, left, offsets = reading
    count = len(offsets)
    before = count * left.before - axis.before - offsets[0]
    kernel = _padded(kernel, before, count * left.taps - axis.taps - before, number)
    shape = list(kernel.shape)
    shape[number : number + 1] = [left.taps, count]
    apart = jnp.moveaxis(kernel.reshape(shape), number + 1, 2)
    folded = apart.reshape(*apart.shape[:2], -1, kernel.shape[3])
    return _side_by_side(maps, axis, offsets, number), folded


@partial(jax.custom_vjp, nondiff_argnums=(1, 2, 3))
def _side_by_side(maps: Maps, axis: Axis, offsets: range, number: int) -> Float[Array, "P W VC N"]:
    """At place p, for each offset in turn, the maps at stride × p + offset; zeros outside of them."""
    reach = (axis.places - 1) * axis.stride + 1
    padded = _padded(maps, -offsets[0], offsets[-1] + reach - axis.size, number)
    views = [
        lax.slice_in_dim(padded, view, view + reach, axis.stride, number) for view in range(len(offsets))
    ]
    return jnp.concatenate(views, axis=2)


def _forward(maps: Maps, axis: Axis, offsets: range, number: int) -> tuple[Array, None]:
    return _side_by_side(maps, axis, offsets, number), None


def _backward(axis: Axis, offsets: range, number: int, residuals: None, gradient: Array) -> tuple[Maps]:
    """The sum of what each phase of the maps was seen as, and then the phases in turn."""
    shape = list(gradient.shape)
    shape[2] //= len(offsets)
    shape[number] = axis.places
    phases = [jnp.zeros(shape, gradient.dtype)] * axis.stride
    for offset, view in zip(offsets, jnp.split(gradient, len(offsets), axis=2), strict=True):
        place, phase = divmod(offset, axis.stride)
        phases[phase] += _padded(view, place, -place, number)
    shape[number] *= axis.stride
    turns = jnp.stack(phases, axis=number + 1).reshape(shape)
    return (lax.slice_in_dim(turns, 0, axis.size, axis=number),)


_side_by_side.defvjp(_forward, _backward)


def _padded(maps: Array, before: int, after: int, number: int) -> Array:
    """Zeros before and after the values of an axis, or, of a negative number, that many values fewer."""
    edges = [(0, 0, 0)] * maps.ndim
    edges[number] = (before, after, 0)
    return lax.pad(maps, jnp.zeros((), maps.dtype), edges)
