"""Cells whose structure is an array, against the same cells lowered from their graphs."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from test_recurrent import ACTIVATIONS, COMBINES, TEXT, tree_space

from nasctl.graph import bind
from nasctl.graph.cells import lstm_cell
from nasctl.graph.tree_cell import TreeOps, read_tree, tree_cell
from nasctl.lowering import build
from nasctl.lowering.dynamic_tree_cell import DynamicTreeCell, use_dynamic_cells
from nasctl.lowering.recurrent import RecurrentCell
from nasctl.space import sample_uniform

OPS = TreeOps(COMBINES, ACTIVATIONS)


@pytest.mark.parametrize(
    ("base", "count"),
    [(2, 8), (16, 4), *(pytest.param(base, 25, marks=pytest.mark.slow) for base in (2, 4, 8, 16))],
)
def test_random_cells_equal_those_that_are_lowered_by_themselves(base: int, count: int) -> None:
    space = tree_space(base)
    rng = np.random.default_rng(base)

    @nnx.jit
    def step(cell, carry, x):
        return cell.step(carry, cell.precompute(x))

    for _ in range(count):
        graph = tree_cell(base, space.values(sample_uniform(space, rng)))
        alone = RecurrentCell(graph, 4, 5, rngs=nnx.Rngs(base))
        x = jnp.asarray(rng.normal(size=(3, 4)), jnp.float32)
        carry = tuple(jnp.asarray(rng.normal(size=(3, 5)), jnp.float32) for _ in range(2))
        expected = alone.step(carry, alone.precompute(x))
        found = step(DynamicTreeCell(alone, read_tree(graph), OPS), carry, x)
        for ours, theirs in zip(found, expected, strict=True):
            scale = max(1.0, float(jnp.abs(theirs).max()))
            np.testing.assert_allclose(ours / scale, theirs / scale, atol=1e-5)


@pytest.mark.slow
def test_a_network_keeps_its_parameters_and_gives_the_same_logits_and_gradients() -> None:
    space = tree_space(4)
    graph = bind(space.decode(sample_uniform(space, np.random.default_rng(5))).graph, TEXT)
    alone, together = build(graph, seed=1), build(graph, seed=1)
    use_dynamic_cells(together, graph, OPS)
    text = jax.random.randint(jax.random.key(0), (2, 7), 0, 11)

    def loss(network):
        return jnp.sum(jax.nn.log_softmax(network(text))[..., 3])

    (value, gradient), (other, its_gradient) = (
        nnx.jit(nnx.value_and_grad(loss))(net) for net in (alone, together)
    )
    np.testing.assert_allclose(value, other, rtol=1e-5)
    assert jax.tree.structure(gradient) == jax.tree.structure(its_gradient)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5), gradient, its_gradient)


def test_other_cells_are_no_trees() -> None:
    assert read_tree(lstm_cell()) is None
