"""Flax modules of the ops that combine several inputs into one value.

Letters: N examples, C channels.
"""

from __future__ import annotations

from functools import reduce

import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.data_layout import channel_axis
from nasctl.lowering.modules import Stateless


class Concat(Stateless):
    """Concatenation of the channels.

    Smaller maps are padded with zeros to the size of the largest (Zoph & Le 2017, section 3.3).
    """

    examples_last = True

    def __call__(self, *inputs: Float[Array, "..."]) -> Float[Array, "..."]:
        axis = channel_axis(inputs[0])
        largest = [max(sizes) for sizes in zip(*(x.shape[:axis] for x in inputs), strict=True)]
        return jnp.concatenate([_pad_to(x, largest) for x in inputs], axis=axis)


class Add(Stateless):
    """Sum of inputs of equal shape."""

    examples_last = True

    def __call__(self, *inputs: Float[Array, "N ..."]) -> Float[Array, "N ..."]:
        return reduce(jnp.add, inputs)


def _pad_to(x: Array, sizes: list[int]) -> Array:
    """Pads maps with zeros on both sides; if their number is odd, one more zero comes after the maps."""
    missing = [size - own for size, own in zip(sizes, x.shape, strict=False)]
    if not any(missing):
        return x
    edges = [(zeros // 2, zeros - zeros // 2) for zeros in missing]
    return jnp.pad(x, edges + [(0, 0)] * (x.ndim - len(edges)))
