"""Shapes: SAME padding, joins, and messages that name the node."""

import pytest
from hypothesis import given, settings
from random_graphs import TASK, network, random_layers

from nasctl.errors import NasctlError
from nasctl.graph import GraphWriter, Signature, bind, infer_shapes, op_named, ops


def one_node(op: str, *inputs: tuple[int, ...], **attributes) -> tuple[int, ...]:
    return op_named(op).shape(attributes, inputs)


@pytest.mark.parametrize("size", [1, 7, 8, 9, 32])
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("op", ["conv2d", "separable_conv2d", "max_pool", "average_pool"])
def test_a_stride_divides_and_rounds_up(op: str, size: int, stride: int) -> None:
    height, width, _ = one_node(op, (size, 5, 3), kernel=(7, 2), stride=(stride, 1), filters=4)
    assert height == -(-size // stride)
    assert width == 5


def test_concat_pads_to_the_largest_and_adds_the_channels() -> None:
    assert one_node("concat", (8, 4, 24), (3, 6, 36)) == (8, 6, 60)
    assert one_node("concat", (24,), (36,)) == (60,)


def test_dense_applies_to_the_last_axis() -> None:
    assert one_node("dense", (24,), units=10) == (10,)
    assert one_node("dense", (35, 24), units=10) == (35, 10)


@pytest.mark.parametrize(
    "op, inputs, attributes, message",
    [
        ("conv2d", [(8,)], {"kernel": (3, 3), "stride": (1, 1), "filters": 4}, "reads a map"),
        ("conv2d", [(8, 8, 1)], {"kernel": (3, 0), "stride": (1, 1), "filters": 4}, "kernel must be"),
        ("conv2d", [(8, 8, 1)], {"kernel": (3, 3), "stride": (1, 1)}, "filters must be .* missing"),
        ("max_pool", [(8, 8, 1)], {"kernel": (3, 3)}, "stride must be"),
        ("relu", [(8,), (8,)], {}, "reads one input, but is given 2"),
        ("add", [(8, 8, 1), (8, 8, 2)], {}, "cannot add 8×8×1 and 8×8×2"),
        ("concat", [(8, 8, 1), (2,)], {}, "cannot join"),
        ("concat", [], {}, "at least one input"),
        ("dropout", [(8,)], {"rate": 1.0}, "rate must be"),
        ("dense", [(8, 8, 1)], {"units": 10}, "reads a vector"),
    ],
)
def test_what_does_not_fit_is_said(op: str, inputs: list, attributes: dict, message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        one_node(op, *inputs, **attributes)


def test_binding_fills_in_what_the_task_fixes() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image")
    hidden = writer.add(
        "dense", [writer.add("global_average_pool", [image], name="pool")], name="hidden", units=7
    )
    graph = bind(writer.finish([writer.add("dense", [hidden], name="output")]), Signature((8, 8, 1), 10))
    assert infer_shapes(graph) == ((8, 8, 1), (1,), (7,), (10,))
    assert bind(graph, Signature((8, 8, 1), 10)) == graph


def test_errors_name_the_node() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image")
    pooled = writer.add("global_average_pool", [image], name="early")
    end = writer.add("max_pool", [pooled], name="layer3.pool", kernel=(2, 2), stride=(2, 2))
    with pytest.raises(NasctlError, match=r"^layer3\.pool: "):
        bind(writer.finish([end]), TASK)


def test_a_network_must_end_in_the_task_s_outputs() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image")
    with pytest.raises(NasctlError, match="ends in 3, but the task has 10 outputs"):
        bind(writer.finish([writer.add("global_average_pool", [image], name="pool")]), TASK)


def test_an_unbound_graph_has_no_shapes() -> None:
    writer = GraphWriter()
    with pytest.raises(NasctlError, match="image: its shape is not known"):
        infer_shapes(writer.finish([writer.add("input", name="image")]))


def test_an_unknown_op_is_met_with_the_nearest() -> None:
    with pytest.raises(NasctlError, match="no op `conv2`") as caught:
        op_named("conv2")
    assert "conv2d" in caught.value.hint


def test_every_op_says_how_it_is_drawn() -> None:
    attributes = {
        "kernel": (3, 5),
        "stride": (1, 2),
        "filters": 36,
        "rate": 0.5,
        "units": 10,
        "vocabulary": 100,
    }
    labels = {name: op.label(attributes) for name, op in ops().items()}
    assert labels["conv2d"] == "conv 3×5/1×2, 36"
    assert labels["max_pool"] == "max pool 3×5/1×2"
    assert labels["dropout"] == "dropout 0.5"
    assert all(labels.values())


@settings(deadline=None)
@given(random_layers())
def test_every_network_of_layers_ends_in_the_outputs(layers) -> None:
    assert infer_shapes(network(layers))[-1] == (10,)
