import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasctl.tasks.cross_entropy import cross_entropy


def test_values_and_gradients_are_optax_s() -> None:
    logits = 20 * jax.random.normal(jax.random.key(0), (3, 4, 7))
    labels = jax.random.randint(jax.random.key(1), (3, 4), 0, 7)
    weights = jax.random.normal(jax.random.key(2), (3, 4))

    def both(loss):
        return jax.value_and_grad(lambda logits: jnp.sum(weights * loss(logits, labels)))(logits)

    (value, gradient), (expected, slope) = (
        both(cross_entropy),
        both(optax.softmax_cross_entropy_with_integer_labels),
    )
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    np.testing.assert_allclose(gradient, slope, rtol=1e-4, atol=1e-6)


def test_large_logits_do_not_overflow() -> None:
    logits = jnp.array([[1e4, 0.0], [0.0, 1e4]])
    np.testing.assert_array_equal(cross_entropy(logits, jnp.array([0, 0])), [0, 1e4])
