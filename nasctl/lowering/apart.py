"""Keeps XLA from computing something once that is cheaper computed twice."""

from __future__ import annotations

from typing import Any, TypeVar

from jax import lax

T = TypeVar("T")


def apart(values: T) -> T:
    """The same arrays, which XLA takes for others.

    What two passes over the maps compute alike from a few numbers, it computes once, as large as the maps, and has
    both passes read that from memory.
    """
    barrier: Any = lax.optimization_barrier
    result: T = barrier(values)
    return result
