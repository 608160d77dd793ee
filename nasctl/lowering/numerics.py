"""Functions that several layers share, for speed and precision on CPUs."""

from __future__ import annotations

from typing import Any, TypeVar

import jax.numpy as jnp
from jax import lax
from jaxtyping import Array, Float

T = TypeVar("T")


def prevent_cse(values: T) -> T:
    """Returns the same arrays, hidden from XLA's common-subexpression elimination.

    Two passes over the feature maps often derive the same large array from a few numbers, such as a scale for each
    channel. XLA computes such an array once and both passes load it from memory. Computing it twice is faster, because
    each pass then fuses the computation and loads only the few numbers.

    Args:
      values: Any pytree of arrays.
    """
    barrier: Any = lax.optimization_barrier
    result: T = barrier(values)
    return result


def at_least_float32(values: Array) -> Array:
    """Casts bfloat16 and float16 arrays to float32; returns float32 and float64 arrays unchanged."""
    return values.astype(jnp.promote_types(values.dtype, jnp.float32))


# The sums below multiply by ones, because a matrix product reads memory in order. They use two rows or columns of ones
# where one would do: XLA generates special code for each product with a vector, and that code takes long to compile.


def sum_of_rows(matrices: Float[Array, "M R A"]) -> Float[Array, "M A"]:
    """Sums the R rows of each of M matrices."""
    count, rows, _ = matrices.shape
    return (jnp.ones((count, 2, rows), matrices.dtype) @ matrices)[:, 0]


def sum_of_columns(matrix: Float[Array, "A R"]) -> Float[Array, " A"]:
    """Sums the R columns of a matrix."""
    return (matrix @ jnp.ones((matrix.shape[1], 2), matrix.dtype))[:, 0]
