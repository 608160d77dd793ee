"""Products of a matrix with the maps of each place, and of the maps with a gradient: what a training step consists of.

Of a product whose operands lie row by row, the right one is read across its rows where it is transposed, and slowly; so
the smaller one is.

Letters: P and Q numbers of places, C channels, F filters, N examples.
"""

from __future__ import annotations

from math import prod

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.sums import sum_of_rows

Maps = Float[Array, "P Q C N"]
Visited = Float[Array, "P Q F N"]
Weights = Float[Array, "P Q F C"]


@jax.custom_vjp
def multiply(weights: Weights, maps: Maps) -> Visited:
    """The product at each place.

    Args:
      weights: Of each place; along an axis of one place the same for all.
      maps: What they are multiplied with.
    """
    return jnp.broadcast_to(weights, (*maps.shape[:2], *weights.shape[2:])) @ maps


def _forward(weights: Weights, maps: Maps) -> tuple[Visited, tuple[Weights, Maps]]:
    return multiply(weights, maps), (weights, maps)


def _backward(residuals: tuple[Weights, Maps], gradient: Visited) -> tuple[Weights, Maps]:
    weights, maps = residuals
    shared = tuple(axis for axis in (0, 1) if weights.shape[axis] < maps.shape[axis])
    return correlate(gradient, maps, shared), multiply(jnp.swapaxes(weights, 2, 3), gradient)


multiply.defvjp(_forward, _backward)


def correlate(gradient: Visited, maps: Maps, shared: tuple[int, ...]) -> Weights:
    """The gradient of the weights: gradient times transposed maps, at each place or summed over some.

    Args:
      gradient: That of the products.
      maps: What the weights were multiplied with.
      shared: The axes of the places, 0 and 1, along which the weights are the same.
    """
    if gradient.shape[2] > maps.shape[2]:
        return _summed(gradient @ jnp.swapaxes(maps, 2, 3), shared)
    return jnp.swapaxes(_summed(maps @ jnp.swapaxes(gradient, 2, 3), shared), 2, 3)


def _summed(products: Float[Array, "P Q A B"], shared: tuple[int, ...]) -> Array:
    """The sum over axes of the places, which are kept, of size 1."""
    if not shared:
        return products
    lines = 1 if 0 in shared else len(products)
    run = prod(products.shape[axis] for axis in shared)
    summed = sum_of_rows(products.reshape(lines, run, -1))
    kept = [1 if axis in shared else size for axis, size in enumerate(products.shape)]
    return summed.reshape(kept)
