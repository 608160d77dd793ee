"""Arithmetic that numbers shorter than float32 are too coarse for."""

from __future__ import annotations

import jax.numpy as jnp
from jax import Array


def at_least_single(values: Array) -> Array:
    """Values in float32; those of float64 as they are."""
    return values.astype(jnp.promote_types(values.dtype, jnp.float32))
