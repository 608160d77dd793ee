"""Costs against arithmetic by hand."""

from hypothesis import given, settings
from random_graphs import network, random_layers

from nasctl.graph import (
    Cost,
    GraphWriter,
    Signature,
    bind,
    infer_shapes,
    measure_cost,
    node_cost,
    op_named,
    simplify,
)


def cost_of(op: str, *inputs: tuple[int, ...], **attributes) -> Cost:
    entry = op_named(op)
    return entry.cost(attributes, inputs, entry.shape(attributes, inputs))


def test_a_convolution_by_hand() -> None:
    cost = cost_of("conv2d", (8, 8, 3), kernel=(3, 5), stride=(2, 1), filters=36)
    assert cost.params == 3 * 5 * 3 * 36
    assert cost.flops == 2 * cost.params * (4 * 8)  # one multiply-add for each weight and position


def test_a_separable_convolution_by_hand() -> None:
    cost = cost_of("separable_conv2d", (8, 8, 6), kernel=(3, 3), stride=(2, 2), filters=10)
    assert cost.params == 3 * 3 * 6 + 6 * 10
    assert cost.flops == 2 * 16 * (3 * 3 * 6 + 6 * 10)
    assert cost.activation_bytes == 4 * 16 * 6  # what lies between its two parts


def test_a_classifier_by_hand() -> None:
    assert cost_of("dense", (60,), units=10) == Cost(params=610, flops=1200, depth=1)
    assert cost_of("batch_norm", (8, 8, 24)) == Cost(params=48, flops=2 * 8 * 8 * 24)


def test_a_whole_network_by_hand() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image")
    conv = writer.add("conv2d", [image], name="conv", kernel=(3, 3), stride=(1, 1), filters=24)
    norm = writer.add("batch_norm", [conv], name="norm")
    pool = writer.add("global_average_pool", [norm], name="pool")
    graph = bind(writer.finish([writer.add("dense", [pool], name="output")]), Signature((8, 8, 1), 10))
    assert measure_cost(graph) == Cost(
        params=9 * 24 + 48 + 250,
        flops=2 * 9 * 24 * 64 + 2 * 24 * 64 + 24 * 64 + 2 * 240,
        activation_bytes=4 * (64 + 2 * 24 * 64 + 24 + 10),
        depth=2,
    )


def test_costs_add_up() -> None:
    assert Cost(1, 2, 3, 4) + Cost(10, 20, 30, 40) == Cost(11, 22, 33, 44)


def test_training_needs_weights_and_activations_several_times() -> None:
    assert Cost(params=100, activation_bytes=1000).training_bytes(batch=8) == 1200 + 16000


@settings(deadline=None)
@given(random_layers())
def test_the_whole_is_the_sum_of_its_nodes_and_as_deep_as_its_longest_path(layers) -> None:
    graph = simplify(network(layers))
    shapes = infer_shapes(graph)
    nodes = [
        node_cost(node, [shapes[i] for i in node.inputs], shape)
        for node, shape in zip(graph.nodes, shapes, strict=True)
    ]

    def deepest(index: int) -> int:
        return nodes[index].depth + max(map(deepest, graph.nodes[index].inputs), default=0)

    cost = measure_cost(graph)
    assert cost.params == sum(node.params for node in nodes)
    assert cost.flops == sum(node.flops for node in nodes)
    assert cost.depth == deepest(graph.outputs[0])
