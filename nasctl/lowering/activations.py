"""Flax modules of the ops that recurrent cells combine and activate by."""

from __future__ import annotations

from functools import reduce

import jax.numpy as jnp
from jaxtyping import Array, Float

from nasctl.lowering.sine import sine
from nasctl.lowering.weightless import Weightless


class Tanh(Weightless):
    """Hyperbolic tangent."""

    def __call__(self, x: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """tanh(x)."""
        return jnp.tanh(x)


class Sigmoid(Weightless):
    """Logistic function, as (tanh(x / 2) + 1) / 2: faster on CPUs than an exponential and a
    division."""

    def __call__(self, x: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """1 / (1 + exp(-x))."""
        return 0.5 * jnp.tanh(0.5 * x) + 0.5


class Sin(Weightless):
    """Sine, by a polynomial in single precision: almost four times as fast on CPUs as XLA's own."""

    def __call__(self, x: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """sin(x)."""
        return sine(x) if x.dtype == jnp.float32 else jnp.sin(x)


class Complement(Weightless):
    """What is left of one."""

    def __call__(self, x: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """1 - x."""
        return 1 - x


class ElemMult(Weightless):
    """Elementwise product of all inputs."""

    def __call__(self, *inputs: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """The product."""
        return reduce(jnp.multiply, inputs)


class Max(Weightless):
    """Elementwise maximum of all inputs."""

    def __call__(self, *inputs: Float[Array, "*n"]) -> Float[Array, "*n"]:
        """The maximum."""
        return reduce(jnp.maximum, inputs)
