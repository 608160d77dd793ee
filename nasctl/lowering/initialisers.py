"""Initial values of parameters, drawn with NumPy, because JAX would compile a program for each shape."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key


def he_normal(key: Key[Array, ""], shape: tuple[int, ...], fan_in: int) -> Float[Array, "..."]:
    """Draws from a normal distribution with mean 0 and variance 2 / fan_in (He et al. 2015).

    Args:
      key: The random key. If it is traced, as in `nnx.eval_shape`, zeros are returned instead.
      shape: The shape of the weights.
      fan_in: The number of inputs that each output sums over.
    """
    return _draw(
        key, shape, lambda stream: stream.standard_normal(shape, np.float32) * np.float32(sqrt(2 / fan_in))
    )


def uniform(key: Key[Array, ""], shape: tuple[int, ...], bound: float) -> Float[Array, "..."]:
    """Draws from the uniform distribution between -bound and bound.

    Args:
      key: The random key. If it is traced, as in `nnx.eval_shape`, zeros are returned instead.
      shape: The shape of the weights.
      bound: The largest absolute value.
    """
    return _draw(key, shape, lambda stream: np.float32(bound) * (2 * stream.random(shape, np.float32) - 1))


def constant(shape: tuple[int, ...], value: float) -> Float[Array, "..."]:
    """Returns weights that all have the same value."""
    weights: Array = jax.device_put(np.full(shape, value, np.float32))
    return weights


def _draw(
    key: Key[Array, ""], shape: tuple[int, ...], draw: Callable[[np.random.Generator], np.ndarray]
) -> Float[Array, "..."]:
    """Draws from a NumPy generator that is seeded with the key."""
    if isinstance(key, jax.core.Tracer):
        return jnp.zeros(shape)
    stream = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    weights: Array = jax.device_put(draw(stream))
    return weights
