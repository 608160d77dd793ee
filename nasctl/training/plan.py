"""What is left to chance in an epoch: the order of the examples, and how each is varied.

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
      positions: Which example is where.
      counts: Whether it counts.
      variations: How it is varied, as `Task.variations` draws it.
    """

    positions: Int[Array, "S B"]
    counts: Bool[Array, "S B"]
    variations: Int[Array, "S B V"]


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


@functools.lru_cache(maxsize=8)
def plan_drawer(task: Task, batch: int) -> Callable[[Key[Array, ""]], Plan]:
    """The compiled function that draws the plan of an epoch of a task from a key."""
    examples = len(task.splits["train"])

    def draw(key: Key[Array, ""]) -> Plan:
        order_key, variation_key = jax.random.split(key)
        positions, counts = epoch_order(order_key, examples, batch)
        variations = task.variations(variation_key, positions.size)
        return Plan(positions, counts, variations.reshape(*positions.shape, -1))

    return jax.jit(draw)
