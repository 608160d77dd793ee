"""Networks of the shipped spaces can be built and run, and have as many parameters as their cost says."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nasctl.architecture import Architecture
from nasctl.dialects import input_of, load_space, targets_of, typical_signature
from nasctl.graph import Signature
from nasctl.resources import shipped_spaces
from nasctl.space import Space, sample_uniform
from nasctl.target_kind import TargetKind

SPACES = {name: load_space(name) for name in shipped_spaces()}
NETWORKS = {name: space for name, space in SPACES.items() if typical_signature(space)}


def signature_of(space: Space) -> Signature:
    signature = typical_signature(space)
    assert signature is not None
    return signature


def sampled(space: Space, count: int) -> list[Architecture]:
    rng = np.random.default_rng(1)
    return [space.decode(sample_uniform(space, rng)) for _ in range(count)]


def example(space: Space, signature: Signature) -> jax.Array:
    dtype = jnp.int32 if input_of(space) == "text" else jnp.float32
    return jnp.ones((2, *signature.input_shape), dtype)


def check_shapes(space: Space, architecture: Architecture) -> None:
    """Builds and runs a network with abstract arrays, and checks shapes and parameters."""
    signature = signature_of(space)
    network = nnx.eval_shape(lambda: architecture.build(signature))
    built = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(network, nnx.Param)))
    assert built == architecture.cost(signature).params
    graphdef, state = nnx.split(network)
    inputs = example(space, signature)
    outputs = jax.eval_shape(lambda state: nnx.merge(graphdef, state)(inputs), state)
    steps = signature.input_shape if targets_of(space) == (TargetKind.TOKEN,) else ()
    assert outputs.shape == (2, *steps, signature.outputs)


@pytest.mark.parametrize("name", NETWORKS)
def test_networks_have_the_shapes_and_parameters_of_their_graph(name: str) -> None:
    (architecture,) = sampled(NETWORKS[name], 1)
    check_shapes(NETWORKS[name], architecture)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_many_networks_have_the_shapes_and_parameters_of_their_graph(
    name: str,
) -> None:
    for architecture in sampled(NETWORKS[name], 40):
        check_shapes(NETWORKS[name], architecture)


@pytest.mark.slow
@pytest.mark.parametrize("name", NETWORKS)
def test_networks_return_finite_values(name: str) -> None:
    space = NETWORKS[name]
    signature = signature_of(space)
    for architecture in sampled(space, 2):
        graphdef, state = nnx.split(architecture.build(signature, seed=0))
        outputs = jax.jit(lambda state, x, graphdef=graphdef: nnx.merge(graphdef, state)(x))(
            state, example(space, signature)
        )
        assert jnp.isfinite(outputs).all()
