"""The data layout of values between the ops of a network.

Feature maps have the layout HWCN: height, width, channels, examples. All other values have the examples first. With
HWCN the matrix products of a convolution on a CPU read and write contiguous matrices with one column for each example,
and no transposition is needed between layers. On accelerators the order of the axes does not matter, because XLA
assigns its own memory layout.

A module class declares `examples_last = True` if it takes and returns maps in HWCN. Other modules, such as those of a
plug-in, take and return all values with the examples first.
"""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
from jax import Array


def is_map(value: Array) -> bool:
    """Whether a value is feature maps, which have four axes; vectors have two and sequences of vectors three."""
    return value.ndim == 4


def channel_axis(value: Array) -> int:
    """Returns the axis of the channels or features of a value in the layout between ops."""
    return 2 if is_map(value) else value.ndim - 1


def examples_last(value: Array) -> Array:
    """Converts a value with the examples first to the layout between ops."""
    return jnp.transpose(value, (1, 2, 3, 0)) if is_map(value) else value


def examples_first(value: Array) -> Array:
    """Converts a value in the layout between ops to one with the examples first."""
    return jnp.transpose(value, (3, 0, 1, 2)) if is_map(value) else value


def apply(module: Any, values: list[Array]) -> Any:
    """Calls a module with values in the layout between ops, and returns its output in that layout.

    Args:
      module: A module that takes maps in HWCN, or one that takes them with the examples first.
      values: Its inputs.
    """
    if getattr(module, "examples_last", False):
        return module(*values)
    return examples_last(module(*map(examples_first, values)))
