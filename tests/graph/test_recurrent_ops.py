"""Ops of recurrent networks: their costs, the cells that they accept, and their hashes."""

import pytest

from nasctl.errors import NasctlError
from nasctl.graph import (
    Graph,
    GraphWriter,
    Node,
    Signature,
    bind,
    canonical_hash,
    infer_shapes,
    measure_cost,
    node_shape,
)

TEXT = Signature(input_shape=(7,), outputs=11)


def vanilla(activation: str = "tanh") -> Graph:
    """h' = activation(W x + U h + b)."""
    writer = GraphWriter()
    x = writer.add("input", name="x", slot="x")
    h = writer.add("input", name="h", slot="h")
    wx = writer.add("linear", [x], name="wx")
    uh = writer.add("linear", [h], name="uh", bias=True)
    total = writer.add("add", [wx, uh], name="sum")
    return writer.finish([writer.add(activation, [total], name="activation")])


def model(cell: Graph, **size: int) -> Graph:
    writer = GraphWriter()
    text = writer.add("input", name="text")
    embedded = writer.add("embedding", [text], name="embedding", **size)
    hidden = writer.add("recurrent", [embedded], name="layer1", cell=cell, **size)
    return writer.finish([writer.add("dense", [hidden], name="output")])


def test_shapes_of_a_language_model():
    graph = bind(model(vanilla(), units=5), TEXT)
    assert infer_shapes(graph) == ((7,), (7, 5), (7, 5), (7, 11))


def test_parameters_and_flops_by_hand():
    cost = measure_cost(bind(model(vanilla(), units=5), TEXT))
    embedding, recurrent, output = 11 * 5, 5 * 5 + 5 * 5 + 5, 5 * 11 + 11
    assert cost.params == embedding + recurrent + output
    products, sums = 2 * 5 * 5 + 2 * 5 * 5, 5
    assert cost.flops == 7 * (products + sums) + 7 * 2 * 5 * 11


def test_a_shared_table_is_counted_once():
    writer = GraphWriter()
    text = writer.add("input", name="text")
    table = writer.add("table", name="table", units=5)
    embedded = writer.add("lookup", [text, table], name="embedding")
    hidden = writer.add("recurrent", [embedded], name="layer1", cell=vanilla(), units=5)
    shared = writer.finish([writer.add("unembed", [hidden, table], name="output")])
    apart = measure_cost(bind(model(vanilla(), units=5), TEXT)).params
    assert measure_cost(bind(shared, TEXT)).params == apart - 5 * 11


def test_the_hash_looks_inside_the_cell():
    hashes = {
        canonical_hash(bind(model(vanilla(activation), units=5), TEXT))
        for activation in ("tanh", "relu", "sin", "tanh")
    }
    assert len(hashes) == 3


def test_the_hash_tells_the_input_from_the_state():
    writer = GraphWriter()
    h = writer.add("input", name="h", slot="h")
    x = writer.add("input", name="x", slot="x")
    uh = writer.add("linear", [h], name="uh")
    wx = writer.add("linear", [x], name="wx", bias=True)
    total = writer.add("add", [uh, wx], name="sum")
    exchanged = writer.finish([writer.add("tanh", [total], name="activation")])
    assert canonical_hash(bind(model(exchanged, units=5), TEXT)) != canonical_hash(
        bind(model(vanilla(), units=5), TEXT)
    )


def test_a_cell_gives_each_of_its_states_anew():
    writer = GraphWriter()
    writer.add("input", name="x", slot="x")
    h = writer.add("input", name="h", slot="h")
    writer.add("input", name="c", slot="c")
    with pytest.raises(NasctlError, match="layer1: a cell must return each of its states"):
        bind(model(writer.finish([h]), units=5), TEXT)


def test_a_recurrent_layer_wants_a_sequence():
    with pytest.raises(NasctlError, match="reads a sequence") as caught:
        node_shape(Node("recurrent", "layer1", (0,), {"cell": vanilla(), "units": 5}), [(7,)])
    assert "embedding" in caught.value.hint


@pytest.mark.parametrize("budget", [200, 1_000, 54_321])
def test_the_hidden_size_is_the_largest_that_fits(budget: int):
    graph = bind(model(vanilla(), fit_params=budget), TEXT)
    units = graph.nodes[2].attributes["units"]
    assert isinstance(units, int)
    assert graph.nodes[1].attributes["units"] == units
    assert "fit_params" not in graph.nodes[2].attributes
    assert measure_cost(graph).params <= budget
    assert measure_cost(bind(model(vanilla(), units=units + 1), TEXT)).params > budget


def test_a_budget_that_nothing_fits():
    with pytest.raises(NasctlError, match=r"at least 36 parameters on this task, which is more than 30"):
        bind(model(vanilla(), fit_params=30), TEXT)


def test_a_fitted_network_is_the_same_as_one_of_that_size():
    fitted = bind(model(vanilla(), fit_params=1_000), TEXT)
    given = bind(model(vanilla(), units=int(str(fitted.nodes[2].attributes["units"]))), TEXT)
    assert canonical_hash(fitted) == canonical_hash(given)
