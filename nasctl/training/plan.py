"""An epoch in advance: the order of the examples, and how each is varied.

It does not depend on the network, so it is drawn by a program of its own, compiled once for all children of a
task: random bits inside a child's program would add a fifth to the time that each child takes to compile.

M training examples, S steps of B examples, V numbers that say how an example is varied.
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


class Plan(NamedTuple):
    """One epoch.

    Attributes:
      positions: Which example is where; of a text, with an axis of time after that of the batch.
      counts: Whether it counts.
      variations: How it is varied, as `Task.variations` draws it.
    """

    positions: Int[Array, "S B ..."]
    counts: Bool[Array, "S B ..."]
    variations: Int[Array, "S ... V"]


def steps_of_epoch(examples: int, batch: int) -> tuple[int, int]:
    """Steps of an epoch and examples a step: as few steps as `batch` allows, in batches as equal as may be.

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
    """The examples of each step at random, and which of them count: each example does once.

    Where the last batch is not full, examples from the front of the epoch fill it and do not count, so that batch
    statistics are those of real examples.
    """
    steps, size = steps_of_epoch(examples, batch)
    order = jax.random.permutation(key, examples)
    places = jnp.arange(steps * size)
    return order[places % examples].reshape(steps, size), (places < examples).reshape(steps, size)


def windows_of_epoch(tokens: int, batch: int, steps: int) -> tuple[int, int]:
    """Windows of an epoch and tokens a window: as few windows as `steps` allows, as equal as may be.

    >>> windows_of_epoch(tokens=1000, batch=10, steps=35)
    (3, 34)
    """
    length = math.ceil(tokens / batch)
    windows = math.ceil(length / steps)
    return windows, math.ceil(length / windows)


def stream_layout(
    tokens: int | Int[Array, ""], batch: int, steps: Int[Array, "*S T"]
) -> tuple[Int[Array, "*S B T"], Bool[Array, "*S B T"]]:
    """Where in a text each of B streams is at some of its steps, and whether that is a token of the stream."""
    length = (tokens + batch - 1) // batch
    places = jnp.arange(batch)[:, None] * length + steps[..., None, :]
    return jnp.minimum(places, tokens - 1), (steps[..., None, :] < length) & (places < tokens)


def stream_plan(tokens: int, batch: int, steps: int) -> Plan:
    """The plan of an epoch over a text: B streams side by side, in windows of equal length."""
    windows, size = windows_of_epoch(tokens, batch, steps)
    positions, counts = stream_layout(tokens, batch, jnp.arange(windows * size).reshape(windows, size))
    return Plan(positions, counts, jnp.zeros((windows, 0), jnp.int32))


@functools.lru_cache(maxsize=8)
def plan_drawer(task: Task, batch: int) -> Callable[[Key[Array, ""]], Plan]:
    """The compiled function that draws the plan of an epoch of a task from a key.

    A text is read in its order: nothing is left to chance.
    """
    examples = len(task.splits["train"])
    if task.sequential:
        (steps,) = task.signature.input_shape
        return jax.jit(lambda key: stream_plan(examples, batch, steps))

    def draw(key: Key[Array, ""]) -> Plan:
        order_key, variation_key = jax.random.split(key)
        positions, counts = epoch_order(order_key, examples, batch)
        variations = task.variations(variation_key, positions.size)
        return Plan(positions, counts, variations.reshape(*positions.shape, -1))

    return jax.jit(draw)
