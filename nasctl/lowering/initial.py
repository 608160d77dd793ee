"""Where weights begin. All by NumPy: JAX would compile a program for each shape."""

from __future__ import annotations

from collections.abc import Callable
from math import sqrt

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Key


def he_normal(key: Key[Array, ""], shape: tuple[int, ...], fan_in: int) -> Float[Array, "..."]:
    """Normal with variance 2 / fan_in (He et al. 2015).

    Args:
      key: Decides the numbers; where it is abstract, as in `nnx.eval_shape`, none are drawn.
      shape: Shape of the weights.
      fan_in: Number of inputs that each output sums over.
    """
    return _drawn(
        key, shape, lambda stream: stream.standard_normal(shape, np.float32) * np.float32(sqrt(2 / fan_in))
    )


def uniform(key: Key[Array, ""], shape: tuple[int, ...], bound: float) -> Float[Array, "..."]:
    """Uniform from -bound to bound.

    Args:
      key: Decides the numbers; where it is abstract, as in `nnx.eval_shape`, none are drawn.
      shape: Shape of the weights.
      bound: The largest absolute value.
    """
    return _drawn(key, shape, lambda stream: np.float32(bound) * (2 * stream.random(shape, np.float32) - 1))


def constant(shape: tuple[int, ...], value: float) -> Float[Array, "..."]:
    """The same number throughout."""
    weights: Array = jax.device_put(np.full(shape, value, np.float32))
    return weights


def _drawn(
    key: Key[Array, ""], shape: tuple[int, ...], draw: Callable[[np.random.Generator], np.ndarray]
) -> Float[Array, "..."]:
    """Draws by NumPy, from a stream that the key decides."""
    if isinstance(key, jax.core.Tracer):
        return jnp.zeros(shape)
    stream = np.random.default_rng(np.asarray(jax.random.key_data(key)))
    weights: Array = jax.device_put(draw(stream))
    return weights
