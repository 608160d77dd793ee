"""The paper's rules for connecting layers (Zoph & Le 2017, section 3.3)."""

import pytest

from nasctl.errors import NasctlError
from nasctl.graph import Graph, GraphWriter, Layer, classify, connect_skips


def connected(sources: dict[int, tuple[int, ...] | None]) -> Graph:
    """Layers of one convolution each, named by their numbers."""
    writer = GraphWriter()
    image = writer.add("input", name="image")

    def body(number: int):
        return lambda source: writer.add(
            "conv2d", [source], name=f"layer{number}", kernel=(3, 3), stride=(1, 1), filters=number
        )

    layers = [Layer(number, f"layer{number}", body(number), fed) for number, fed in sources.items()]
    return writer.finish([classify(writer, connect_skips(writer, image, layers))])


def reads(graph: Graph, name: str) -> list[str]:
    """Names of what a node reads; of a concatenation, of what that reads."""
    (node,) = (node for node in graph.nodes if node.name == name)
    nodes = [graph.nodes[index] for index in node.inputs]
    return [
        deeper
        for node in nodes
        for deeper in (reads(graph, node.name) if node.op == "concat" else [node.name])
    ]


def test_one_source_is_read_and_several_are_concatenated_in_the_order_of_the_layers() -> None:
    graph = connected({1: (), 2: (1,), 3: (2, 1)})
    assert reads(graph, "layer2") == ["layer1"]
    assert reads(graph, "layer3") == ["layer1", "layer2"]
    assert [node.op for node in graph.nodes].count("concat") == 1


def test_a_layer_that_nothing_feeds_takes_the_image() -> None:
    graph = connected({1: (), 2: (), 3: (2,)})
    assert reads(graph, "layer1") == reads(graph, "layer2") == ["image"]


def test_outputs_that_feed_nothing_are_concatenated_before_the_classifier() -> None:
    graph = connected({1: (), 2: (), 3: (1,), 4: ()})
    pools = reads(graph, "output")
    assert [reads(graph, pool) for pool in pools] == [["layer2"], ["layer3"], ["layer4"]]


def test_without_anchors_layers_are_a_chain() -> None:
    graph = connected({1: None, 2: None, 3: None})
    assert [reads(graph, f"layer{number}") for number in (1, 2, 3)] == [["image"], ["layer1"], ["layer2"]]
    assert reads(graph, "output") == ["output.pool"]


def test_no_layers_leave_the_image() -> None:
    assert [node.op for node in connected({}).nodes] == ["input", "global_average_pool", "dense"]


def test_a_source_must_come_before() -> None:
    with pytest.raises(NasctlError, match="layer1 cannot read layer 2"):
        connected({1: (2,), 2: ()})
