"""Matrix products at each position of feature maps, with their gradients.

A matrix product is slow on a CPU if its right operand is transposed, because that operand is then read across its rows.
The gradient of the weights needs a transposed operand, so the smaller of the two is transposed.

Letters: P and Q numbers of positions, C channels, F filters, N examples.
"""

from __future__ import annotations

from math import prod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.numerics import sum_of_rows

Maps = Float[Array, "P Q C N"]
Output = Float[Array, "P Q F N"]
Weights = Float[Array, "#P #Q F C"]


@jax.custom_vjp
def multiply(weights: Weights, maps: Maps) -> Output:
    """Multiplies a matrix with the maps at each position.

    Args:
      weights: A matrix (F, C) for each position. Along an axis of size 1 all positions share one matrix.
      maps: A matrix (C, N) for each position.
    """
    return jnp.broadcast_to(weights, (*maps.shape[:2], *weights.shape[2:])) @ maps


def _forward(weights: Weights, maps: Maps) -> tuple[Output, tuple[Weights, Maps]]:
    return multiply(weights, maps), (weights, maps)


def _backward(residuals: tuple[Weights, Maps], gradient: Output) -> tuple[Weights, Maps]:
    weights, maps = residuals
    shared = tuple(axis for axis in (0, 1) if weights.shape[axis] < maps.shape[axis])
    return weight_gradient(gradient, maps, shared), multiply(jnp.swapaxes(weights, 2, 3), gradient)


multiply.defvjp(_forward, _backward)


def weight_gradient(gradient: Output, maps: Maps, shared: tuple[int, ...]) -> Weights:
    """Computes the gradient of the weights: the output's gradient times the transposed maps at each position.

    Args:
      gradient: The gradient of the output of `multiply`.
      maps: The maps that were multiplied.
      shared: The axes, 0 and 1, along which all positions share one matrix. The gradient is summed over them.
    """
    if gradient.shape[2] > maps.shape[2]:
        return _sum_over(gradient @ jnp.swapaxes(maps, 2, 3), shared)
    return jnp.swapaxes(_sum_over(maps @ jnp.swapaxes(gradient, 2, 3), shared), 2, 3)


def _sum_over(products: Float[Array, "P Q A B"], axes: tuple[int, ...]) -> Array:
    """Sums over axes of the positions and keeps them with size 1."""
    if not axes:
        return products
    lines = 1 if 0 in axes else len(products)
    run = prod(products.shape[axis] for axis in axes)
    summed = sum_of_rows(products.reshape(lines, run, -1))
    kept = [1 if axis in axes else size for axis, size in enumerate(products.shape)]
    return summed.reshape(kept)
