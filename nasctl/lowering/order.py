"""The order of axes in which values lie between the ops of a network.

Maps lie as (height, width, channels, examples), H W C N, and everything else with the examples first. So the products
that a convolution on a CPU consists of read and write contiguous matrices, a column an example, and nothing has to be
transposed between two layers. On accelerators the compiler orders memory as it likes, whatever the order of the axes.

A module that knows this says so by a class attribute, `examples_last = True`, and is given maps as they lie. Any other,
such as one of a plug-in, is given everything with the examples first, and gives it so.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array


def is_map(value: Array) -> bool:
    """Whether a value is maps: of four axes. Vectors have two, and sequences of vectors three."""
    return value.ndim == 4


def channel_axis(value: Array) -> int:
    """The axis of the channels, or features, of a value as it lies between ops."""
    return 2 if is_map(value) else value.ndim - 1


def examples_last(value: Array) -> Array:
    """From examples first to the order between ops."""
    return jnp.transpose(value, (1, 2, 3, 0)) if is_map(value) else value


def examples_first(value: Array) -> Array:
    """From the order between ops to examples first."""
    return jnp.transpose(value, (3, 0, 1, 2)) if is_map(value) else value


def apply(module: Any, values: list[Array]) -> Any:
    """What a module makes of values, all in the order between ops, whichever order the module knows."""
    if getattr(module, "examples_last", False):
        return module(*values)
    return examples_last(module(*map(examples_first, values)))
