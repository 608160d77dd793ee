"""Sine and cosine in single precision, written so that CPUs compute many at once."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# pi / 2 as a sum of three numbers of few bits each, so that a whole multiple of the first two is exact
# (Cody & Waite 1980, Software manual for the elementary functions).
HALF_PI = tuple(map(np.float32, (1.5703125, 4.837512969970703e-4, 7.549789948768648e-8)))
# Minimax polynomials on [-pi / 4, pi / 4], as in Moshier's Cephes:
# sin r = r + r^3 S(r^2), cos r = 1 - r^2 / 2 + r^4 C(r^2)
SINE = tuple(map(np.float32, (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4)))
COSINE = tuple(map(np.float32, (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5)))


@jax.custom_jvp
def sine(x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """sin(x) of single-precision numbers: within 1e-7 up to |x| = 1,000, within 1e-5 up to 10,000."""
    return _quarter_turns(x, 0)


@sine.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    return sine(x), _quarter_turns(x, 1) * dx


def _quarter_turns(x: Float[Array, "*n"], more: int) -> Float[Array, "*n"]:
    """sin(x + more pi / 2)."""
    turns = jnp.round(x * np.float32(2 / np.pi))
    r = x
    for part in HALF_PI:
        r = r - turns * part
    square = r * r
    sin = r + r * square * _polynomial(SINE, square)
    cos = 1 - np.float32(0.5) * square + square * square * _polynomial(COSINE, square)
    quarter = turns.astype(jnp.int32) + more
    value = jnp.where(quarter & 1 == 1, cos, sin)
    return jnp.where(quarter & 2 == 2, -value, value)


def _polynomial(coefficients: tuple[np.float32, ...], x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    value = jnp.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value
