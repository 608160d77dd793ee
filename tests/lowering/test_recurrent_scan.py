"""The custom gradient through time against automatic differentiation of the scan, in float32 and float64."""

from collections.abc import Collection, Iterable, Iterator
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from test_recurrent import tree_space

from nasctl.graph import Graph, GraphWriter
from nasctl.graph.cells import KNOWN_CELLS
from nasctl.graph.tree_cell import tree_cell
from nasctl.lowering.recurrent import RecurrentCell
from nasctl.lowering.recurrent_scan import scan_steps
from nasctl.space import sample_uniform

STEPS = 6


def in_both_types(cases: Iterable[object], *, quick: Collection[object]) -> list[Any]:
    """Each case in float32 and in float64, which is quick for some."""
    return [
        pytest.param(case, dtype, marks=() if dtype == "float64" and case in quick else pytest.mark.slow)
        for case in cases
        for dtype in ("float32", "float64")
    ]


@pytest.fixture
def dtype(request: pytest.FixtureRequest) -> Iterator[str]:
    jax.config.update("jax_enable_x64", request.param == "float64")
    yield request.param
    jax.config.update("jax_enable_x64", False)


def both_gradients(graph: Graph, seed: int, dtype: str) -> tuple[object, object]:
    """Returns values and gradients, custom and automatic, for the weights, the sequence and the initial states."""
    cell = RecurrentCell(graph, 4, 5, rngs=nnx.Rngs(seed))
    definition, weights = nnx.split(cell)
    rng = np.random.default_rng(seed)
    given = jax.tree.map(
        lambda leaf: jnp.asarray(leaf + 0.3 * rng.normal(size=leaf.shape), dtype),
        (
            nnx.to_pure_dict(weights),
            np.zeros((STEPS, 3, 4)),
            tuple(np.zeros((3, 5)) for _ in cell.plan.states),
        ),
    )
    of_outputs = rng.normal(size=(STEPS, 3, 5))
    of_last = [rng.normal(size=(3, 5)) for _ in cell.plan.states]

    def loss(weights, sequence, states, automatic):
        cell = nnx.merge(definition, weights)
        precomputed = cell.precompute(sequence)
        if automatic:
            outputs, last = scan_steps(cell.step, precomputed, states, STEPS)
        else:
            outputs, last = cell.run(precomputed, states, STEPS)
        parts = zip((outputs, *last), (of_outputs, *of_last), strict=True)
        return sum(jnp.sum(value * weight) for value, weight in parts)

    ours, automatic = (
        jax.jit(jax.value_and_grad(loss, argnums=(0, 1, 2)), static_argnums=3)(*given, flag)
        for flag in (False, True)
    )
    return ours, automatic


def assert_equal(found: object, expected: object, dtype: str) -> None:
    tolerance = 1e-11 if dtype == "float64" else 2e-4
    for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert ours.dtype == dtype
        scale = max(1.0, float(jnp.abs(theirs).max()))
        np.testing.assert_allclose(ours / scale, theirs / scale, atol=tolerance)


@pytest.mark.parametrize(("base", "dtype"), in_both_types([2, 4, 8, 16], quick=[2, 8]), indirect=["dtype"])
def test_random_trees(base: int, dtype: str) -> None:
    space = tree_space(base)
    rng = np.random.default_rng(base)
    for seed in range({2: 3, 4: 2}.get(base, 1)):
        graph = tree_cell(base, space.values(sample_uniform(space, rng)))
        assert_equal(*both_gradients(graph, seed, dtype), dtype)


@pytest.mark.parametrize(("name", "dtype"), in_both_types(KNOWN_CELLS, quick=KNOWN_CELLS), indirect=["dtype"])
def test_the_known_cells(name: str, dtype: str) -> None:
    assert_equal(*both_gradients(KNOWN_CELLS[name](), 0, dtype), dtype)


def product_inside() -> Graph:
    """h' = tanh(W x + V tanh(U h)): the second matrix does not multiply a state."""
    writer = GraphWriter()
    x, h = (writer.add("input", name=slot, slot=slot) for slot in ("x", "h"))
    inner = writer.add("tanh", [writer.add("linear", [h], name="inner")], name="inner.activation")
    terms = writer.add("linear", [x], name="x.product"), writer.add("linear", [inner], name="again")
    return writer.finish([writer.add("tanh", [writer.add("add", terms, name="sum")], name="output")])


@pytest.mark.parametrize("dtype", ["float32", "float64"], indirect=True)
def test_a_cell_with_a_product_inside_is_differentiated_automatically(dtype: str) -> None:
    assert_equal(*both_gradients(product_inside(), 0, dtype), dtype)


def test_the_gradient_of_a_matrix_is_one_product_outside_of_the_scan() -> None:
    cell = RecurrentCell(KNOWN_CELLS["LSTM"](), 4, 5, rngs=nnx.Rngs(0))
    definition, weights = nnx.split(cell)
    precomputed = cell.precompute(jnp.ones((STEPS, 3, 4)))

    def loss(weights):
        return jnp.sum(
            nnx.merge(definition, weights).run(precomputed, cell.initialize_carry((3, 4)), STEPS)[0]
        )

    jaxpr = str(jax.make_jaxpr(jax.grad(loss))(weights))
    assert jaxpr.count("dot_general") == 3  # U h, its gradient back to h, and the gradient of U
