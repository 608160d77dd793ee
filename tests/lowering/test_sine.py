import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.lowering.sine import sine


@pytest.mark.parametrize(("largest", "tolerance"), [(10.0, 1.5e-7), (1_000.0, 1.5e-7), (10_000.0, 1e-5)])
def test_values_and_derivatives(largest: float, tolerance: float) -> None:
    x = np.random.default_rng(0).uniform(-largest, largest, 50_000).astype(np.float32)
    values, slopes = jax.jvp(sine, (jnp.asarray(x),), (jnp.ones(len(x)),))
    exact = x.astype(np.float64)
    np.testing.assert_allclose(values, np.sin(exact), rtol=0, atol=tolerance)
    np.testing.assert_allclose(slopes, np.cos(exact), rtol=0, atol=tolerance)


def test_multiples_of_a_quarter_turn() -> None:
    x = jnp.asarray(np.arange(-8, 9) * np.pi / 2, jnp.float32)
    np.testing.assert_allclose(sine(x), np.sin(np.asarray(x, np.float64)), atol=1.5e-7)


def test_infinity_and_nan_become_nan() -> None:
    assert jnp.isnan(sine(jnp.array([jnp.inf, -jnp.inf, jnp.nan]))).all()


def test_second_derivative() -> None:
    np.testing.assert_allclose(jax.grad(jax.grad(sine))(jnp.float32(0.7)), -np.sin(0.7), atol=1e-6)
