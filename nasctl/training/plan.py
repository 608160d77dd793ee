"""The plan of an epoch: the order of the examples, and how each is varied.

A plan does not depend on the network. It is drawn by a program of its own, which is compiled once for all children of a
task; random numbers inside a child's program would make it take a fifth longer to compile.

Letters: S steps of an epoch, B examples of a step, T text tokens of a window, V numbers that describe a variation.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Int, Key

from nasctl.tasks import Task


class EpochPlan(NamedTuple):
    """The plan of an epoch.

    Attributes:
      positions: The index of each example among the training examples; for a text, with an axis of T after B.
      counts: Whether the example counts in the loss; padding does not.
      variations: How the example is varied, as `Task.variations` draws it.
    """

    positions: Int[Array, "S B ..."]
    counts: Bool[Array, "S B ..."]
    variations: Int[Array, "S ... V"]


def steps_of_epoch(examples: int, batch: int) -> tuple[int, int]:
    """The number of steps of an epoch and of examples per step: as few steps as `batch` allows, of equal size.

    >>> steps_of_epoch(1150, 64)
    (18, 64)
    >>> steps_of_epoch(1222, 64)
    (20, 62)
    """
    steps = math.ceil(examples / batch)
    return steps, math.ceil(examples / steps)


def epoch_order(
    key: Key[Array, ""], examples: int, batch: int
) -> tuple[Int[Array, "S B"], Bool[Array, "S B"]]:
    """The examples of each step in random order, and which of them count. Each example counts once.

    Examples from the start of the epoch fill the last batch. They do not count, but batch statistics are those of a
    full batch of real examples.
    """
    steps, size = steps_of_epoch(examples, batch)
    order = jax.random.permutation(key, examples)
    slots = jnp.arange(steps * size)
    return order[slots % examples].reshape(steps, size), (slots < examples).reshape(steps, size)


def windows_of_epoch(tokens: int, batch: int, steps: int) -> tuple[int, int]:
    """The number of windows of an epoch and of text tokens per window: as few as `steps` allows, of equal length.

    >>> windows_of_epoch(tokens=1000, batch=10, steps=35)
    (3, 34)
    """
    length = math.ceil(tokens / batch)
    windows = math.ceil(length / steps)
    return windows, math.ceil(length / windows)


def stream_layout(
    tokens: int | Int[Array, ""], batch: int, steps: Int[Array, "*S T"]
) -> tuple[Int[Array, "*S B T"], Bool[Array, "*S B T"]]:
    """The positions in a text that B streams read at some steps, and whether each is a text token of its stream.

    Args:
      tokens: The length of the text, which is cut into B streams of equal length.
      batch: B.
      steps: Steps of a stream, counted from 0.
    """
    length = (tokens + batch - 1) // batch
    positions = jnp.arange(batch)[:, None] * length + steps[..., None, :]
    return jnp.minimum(positions, tokens - 1), (steps[..., None, :] < length) & (positions < tokens)


def stream_plan(tokens: int, batch: int, steps: int) -> EpochPlan:
    """The plan of an epoch over a text: B streams in parallel, in windows of equal length."""
    windows, size = windows_of_epoch(tokens, batch, steps)
    positions, counts = stream_layout(tokens, batch, jnp.arange(windows * size).reshape(windows, size))
    return EpochPlan(positions, counts, jnp.zeros((windows, 0), jnp.int32))


@functools.lru_cache(maxsize=8)
def plan_drawer(task: Task, batch: int) -> Callable[[Key[Array, ""]], EpochPlan]:
    """The compiled function that draws the plan of an epoch of a task from a key.

    A text is read in order, so its plan is always the same.
    """
    examples = len(task.splits["train"])
    if task.sequential:
        (steps,) = task.signature.input_shape
        return jax.jit(lambda key: stream_plan(examples, batch, steps))

    def draw(key: Key[Array, ""]) -> EpochPlan:
        order_key, variation_key = jax.random.split(key)
        positions, counts = epoch_order(order_key, examples, batch)
        variations = task.variations(variation_key, positions.size)
        return EpochPlan(positions, counts, variations.reshape(*positions.shape, -1))

    return jax.jit(draw)
