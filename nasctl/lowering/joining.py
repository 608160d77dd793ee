"""Flax modules of the ops that join several inputs.

Letters: N examples, C channels.
"""

from __future__ import annotations

from functools import reduce

import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.order import channel_axis
from nasctl.lowering.weightless import Weightless


class Concat(Weightless):
    """Concatenation in depth; smaller maps lie at the centre of zeros (Zoph & Le 2017, section 3.3)."""

    examples_last = True

    def __call__(self, *inputs: Float[Array, "..."]) -> Float[Array, "..."]:
        axis = channel_axis(inputs[0])
        largest = [max(sizes) for sizes in zip(*(x.shape[:axis] for x in inputs), strict=True)]
        return jnp.concatenate([_centred(x, largest) for x in inputs], axis=axis)


class Add(Weightless):
    """The sum of inputs of equal shape."""

    examples_last = True

    def __call__(self, *inputs: Float[Array, "N ..."]) -> Float[Array, "N ..."]:
        return reduce(jnp.add, inputs)


def _centred(x: Array, sizes: list[int]) -> Array:
    """Puts a map at the centre of a larger one; of an odd number of zeros one more comes after it."""
    missing = [size - own for size, own in zip(sizes, x.shape, strict=False)]
    if not any(missing):
        return x
    edges = [(zeros // 2, zeros - zeros // 2) for zeros in missing]
    return jnp.pad(x, edges + [(0, 0)] * (x.ndim - len(edges)))
