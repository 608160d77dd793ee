"""The blocks of a drawing."""

from dataclasses import replace

from drawn_graphs import any_graphs, cell_graph, cnn, language_model, skip_networks, stacked_cells
from hypothesis import given, settings

from nasctl.graph import Graph, Node
from nasctl.render.blocks import Diagram, diagram_of
from nasctl.render.repeats import fold_repeats


def texts(diagram: Diagram) -> list[str]:
    return [" / ".join(line.text for line in block.labels) for block in diagram.blocks]


def test_a_convolution_forms_a_block_with_the_normalisation_and_activation_of_its_layer():
    diagram = diagram_of(cnn([(), (1,), (1, 2)]))
    assert texts(diagram) == [
        "image",
        "conv 3×5, 30 / batch norm / relu",
        "conv 3×5, 40 / batch norm / relu",
        "concat",
        "conv 3×5, 50 / batch norm / relu",
        "global average",
        "dense 10",
    ]
    assert [block.name for block in diagram.blocks][1:5] == ["layer1", "layer2", "layer3.inputs", "layer3"]
    assert diagram.edges == ((0, 1), (1, 2), (1, 3), (2, 3), (3, 4), (4, 5), (5, 6))


def test_only_bound_graphs_have_shapes_and_parameters():
    bound, unbound = (diagram_of(cnn([()], bound=bound)) for bound in (True, False))
    assert [block.shape for block in bound.blocks] == [(8, 8, 1), (8, 8, 30), (30,), (10,)]
    assert [block.params for block in bound.blocks] == [0, 3 * 5 * 30 + 2 * 30, 0, 31 * 10]
    assert {(block.shape, block.params) for block in unbound.blocks} == {(None, None)}


def test_the_poolings_before_a_classifier_form_one_block():
    diagram = diagram_of(cnn([(), ()]))
    assert texts(diagram)[-2:] == ["global average of each / concat", "dense 10"]
    assert diagram.edges[-3:] == ((1, 3), (2, 3), (3, 4))


def test_a_node_of_a_tree_cell_forms_one_block_unless_its_inner_values_are_read():
    diagram = diagram_of(cell_graph())
    assert texts(diagram) == [
        "x", "h", "c", "linear", "linear", "add", "tanh", "× / relu", "new h", "new c",
    ]  # fmt: skip
    alone = Graph(cell_graph().nodes, cell_graph().outputs[:1])
    assert texts(diagram_of(alone)) == ["x", "h", "c", "linear of each / add / tanh", "× / relu"]


def test_a_body_that_several_nodes_share_is_drawn_once():
    (title, body), *others = diagram_of(language_model(stack=3)).bodies
    assert title == "cell of layer1 and layer2 and layer3"
    assert body == diagram_of(cell_graph())
    assert not others


def test_equal_cells_in_a_row_are_drawn_once():
    whole = diagram_of(stacked_cells(5))
    folded = fold_repeats(whole)
    assert len(whole.blocks) == 2 + 5 * 4 + 2
    assert [block.name for block in folded.blocks] == [
        "image", "stem", "cell1.pool", "cell1.skip", "cell1.conv", "cell1.sum", "pool", "output",
    ]  # fmt: skip
    (repeat,) = folded.repeats
    assert (repeat.times, repeat.prefix, repeat.last_prefix) == (5, "cell1.", "cell5.")
    assert folded.edges == diagram_of(stacked_cells(1)).edges


def test_equal_layers_in_a_chain_are_all_drawn():
    def alike(node: Node) -> Node:
        return replace(node, attributes={**node.attributes, "filters": 8}) if node.op == "conv2d" else node

    chain = cnn([None] * 6)
    assert fold_repeats(diagram_of(replace(chain, nodes=tuple(map(alike, chain.nodes))))).repeats == ()


@settings(deadline=None)
@given(any_graphs())
def test_every_node_is_in_one_block_and_every_edge_is_kept(graph):
    diagram = diagram_of(graph)
    block_of = {node: index for index, block in enumerate(diagram.blocks) for node in block.nodes}
    assert sorted(node for block in diagram.blocks for node in block.nodes) == list(range(len(graph.nodes)))
    needed = {
        (block_of[source], block_of[index])
        for index, node in enumerate(graph.nodes)
        for source in node.inputs
        if block_of[source] != block_of[index]
    }
    marks = {edge for edge in diagram.edges if diagram.blocks[edge[1]].is_output}
    assert set(diagram.edges) - marks == needed
    assert all(source < target for source, target in diagram.edges)


@settings(deadline=None)
@given(any_graphs())
def test_only_the_last_node_of_a_block_is_read_from_outside(graph):
    for block in diagram_of(graph).blocks:
        inside = set(block.nodes)
        for index, node in enumerate(graph.nodes):
            if index not in inside:
                assert not inside.intersection(node.inputs) - set(block.nodes[-1:])


@settings(deadline=None)
@given(skip_networks())
def test_a_layer_of_a_skip_network_is_one_block(graph):
    names = [block.name for block in diagram_of(graph).blocks]
    layers = sum(node.op == "conv2d" for node in graph.nodes)
    assert [name for name in names if name.startswith("layer") and "." not in name] == [
        f"layer{number}" for number in range(1, layers + 1)
    ]
