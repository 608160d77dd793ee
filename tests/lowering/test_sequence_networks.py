"""Networks that read a whole sequence and predict from its last step, and their padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nasctl.dialects import parse_space
from nasctl.graph import Graph, Signature, bind
from nasctl.graph.tree_cell import TreeOps
from nasctl.lowering import build
from nasctl.lowering.dynamic_tree_cell import use_dynamic_cells
from nasctl.space import sample_uniform

SERIES = Signature((9, 3), 4)
DOCUMENTS = Signature((9,), 4, vocabulary=13)
TREE = """cell tree { base 4 combine in {add, elem_mult} activation in {tanh, sigmoid, identity}
  inject { combine in {add, elem_mult} activation in {tanh, relu} } }
  stack 2"""


def graph_of(ends: str, seed: int = 0) -> Graph:
    space = parse_space(f"space rnn {ends} {TREE} hidden 6", name="test")
    return space.decode(sample_uniform(space, np.random.default_rng(seed))).graph


def series(seed: int = 0, padded: int = 0) -> np.ndarray:
    """Two series of 9 steps and 3 features; the first `padded` steps of the second are padding."""
    values = np.random.default_rng(seed).normal(size=(2, 9, 3)).astype(np.float32)
    values[1, :padded] = np.nan
    return values


def documents(padded: int = 0) -> np.ndarray:
    tokens = np.random.default_rng(1).integers(0, 13, (2, 9)).astype(np.int32)
    tokens[1, :padded] = -1
    return tokens


@pytest.mark.parametrize(
    ("ends", "signature", "example"),
    [("input series", SERIES, series), ("input text output classifier", DOCUMENTS, documents)],
    ids=["series", "documents"],
)
@pytest.mark.parametrize("dynamic", [False, True], ids=["compiled cell", "dynamic cell"])
def test_padding_changes_nothing(ends: str, signature: Signature, example, dynamic: bool) -> None:
    graph = bind(graph_of(ends, seed=2), signature)
    network = build(graph, seed=0)
    if dynamic:
        ops = TreeOps(("add", "elem_mult"), ("identity", "relu", "sigmoid", "tanh"))
        use_dynamic_cells(network, graph, ops)
    padded = jnp.asarray(example(padded=4))
    np.testing.assert_allclose(network(padded)[1:], network(padded[1:, 4:]), rtol=1e-5, atol=1e-6)

    def loss(state, inputs):
        return jnp.sum(nnx.merge(graphdef, state, rest)(inputs) ** 2)

    graphdef, state, rest = nnx.split(network, nnx.Param, ...)
    for ours, alone in zip(
        jax.tree.leaves(jax.grad(loss)(state, padded[1:])),
        jax.tree.leaves(jax.grad(loss)(state, padded[1:, 4:])),
        strict=True,
    ):
        np.testing.assert_allclose(ours, alone, rtol=1e-4, atol=1e-5)


def test_documents_have_a_table_for_the_vocabulary_and_outputs_for_the_classes() -> None:
    network = build(bind(graph_of("input text output classifier"), DOCUMENTS), seed=0)
    assert network.nodes["embedding"].table.shape == (13, 6)
    assert network(jnp.asarray(documents())).shape == (2, 4)
