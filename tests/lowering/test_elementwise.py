"""Activations with a custom gradient."""

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nasctl.lowering.elementwise import relu


@settings(deadline=None)  # the first of them is compiled
@given(arrays(np.float32, 8, elements=st.sampled_from([0.0, -0.0]) | st.floats(-4, 4, width=32)))
def test_relu_and_its_gradient_equal_those_of_jax(x):
    x = jnp.asarray(x)
    np.testing.assert_array_equal(relu(x), jax.nn.relu(x))
    gradient, expected = (jax.grad(lambda y, f=f: jnp.sum(jnp.sin(y) * f(y)))(x) for f in (relu, jax.nn.relu))
    np.testing.assert_array_equal(gradient, expected)
