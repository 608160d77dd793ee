"""Sine in float32 from polynomials, which CPUs compute with SIMD instructions."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

# π / 2 as a sum of three numbers. The first two have few bits, so that an integer multiple of them is exact
# (Cody & Waite 1980, Software Manual for the Elementary Functions).
HALF_PI = tuple(map(np.float32, (1.5703125, 4.837512969970703e-4, 7.549789948768648e-8)))
# Minimax polynomials S and C on [-π / 4, π / 4], from Moshier's Cephes library:
# sin r = r + r³ S(r²), cos r = 1 - r² / 2 + r⁴ C(r²)
SINE = tuple(map(np.float32, (-1.6666654611e-1, 8.3321608736e-3, -1.9515295891e-4)))
COSINE = tuple(map(np.float32, (4.166664568298827e-2, -1.388731625493765e-3, 2.443315711809948e-5)))


@jax.custom_jvp
def sine(x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    """Returns sin(x) for float32 x.

    The absolute error is at most 1e-7 up to |x| = 1,000 and at most 1e-5 up to |x| = 10,000.
    """
    return _sine_of_shifted(x, 0)


@sine.defjvp
def _(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    (x,), (dx,) = primals, tangents
    return sine(x), _sine_of_shifted(x, 1) * dx


def _sine_of_shifted(x: Float[Array, "*n"], quarter_turns: int) -> Float[Array, "*n"]:
    """Returns sin(x + quarter_turns · π / 2)."""
    turns = jnp.round(x * np.float32(2 / np.pi))
    r = x
    for part in HALF_PI:
        r = r - turns * part
    square = r * r
    sin = r + r * square * _polynomial(SINE, square)
    cos = 1 - np.float32(0.5) * square + square * square * _polynomial(COSINE, square)
    quarter = turns.astype(jnp.int32) + quarter_turns
    value = jnp.where(quarter & 1 == 1, cos, sin)
    return jnp.where(quarter & 2 == 2, -value, value)


def _polynomial(coefficients: tuple[np.float32, ...], x: Float[Array, "*n"]) -> Float[Array, "*n"]:
    value = jnp.full_like(x, coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = value * x + coefficient
    return value
