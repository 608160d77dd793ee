"""The cell dialect: the numbers of NAS-Bench-201, and error messages."""

import json

import pytest

from nasctl.dialects import load_space, parse_space, space_from_json
from nasctl.dsl import SpaceError
from nasctl.graph import Signature, bind, infer_shapes, measure_cost
from nasctl.space import Space

CIFAR10 = Signature(input_shape=(32, 32, 3), outputs=10)


def parse(text: str) -> Space:
    return parse_space(f"space cell\n{text}", name="test")


def errors(text: str) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        parse(text)
    return [f"{item.span.text}: {item.message}; {item.hint}" for item in caught.value.diagnostics]


def test_nas_bench_201_has_15_625_cells():
    assert load_space("spaces/nasbench201.nas").size == 5**6 == 15_625


@pytest.mark.parametrize(
    ("edges", "params"),
    [
        # Parameters as NAS-Bench-201 gives them for CIFAR-10, in order of the edges 1←0, 2←0, 2←1, 3←0, 3←1, 3←2.
        (("skip_connect",) * 6, 73_306),
        (("conv_3x3",) * 6, 1_531_546),
        (("conv_3x3", "conv_3x3", "conv_3x3", "skip_connect", "conv_3x3", "conv_1x1"), 1_073_466),
    ],
)
def test_parameters_of_nas_bench_201(edges: tuple[str, ...], params: int):
    space = load_space("spaces/nasbench201.nas")
    names = [decision.name for decision in space.decisions]
    assert names == [
        "node1.from0",
        "node2.from0",
        "node2.from1",
        "node3.from0",
        "node3.from1",
        "node3.from2",
    ]
    architecture = space.decode(space.tokens(dict(zip(names, edges, strict=True))))
    assert architecture.cost(CIFAR10).params == params


def test_maps_halve_and_filters_double_between_stages():
    space = load_space("spaces/nasbench201.nas")
    graph = bind(space.decode((1,) * 6).graph, CIFAR10)
    shapes = dict(zip((node.name for node in graph.nodes), infer_shapes(graph), strict=True))
    assert shapes["stage1.cell5.node3"] == (32, 32, 16)
    assert shapes["stage2.cell5.node3"] == (16, 16, 32)
    assert shapes["stage3.cell5.node3"] == (8, 8, 64)


def test_sizes_are_the_file_s():
    space = parse("filters 8 stages 2 repeat 1 cell { nodes 3 edges in {none, conv_1x1} }")
    assert space.size == 2**3
    graph = bind(space.decode((1, 1, 1)).graph, CIFAR10)
    cells = {node.name.split(".")[1] for node in graph.nodes if node.name.startswith("stage")}
    assert cells == {"cell1", "reduction"}
    stem, first_cell, second_cell = 27 * 8 + 16, 3 * (8 * 8 + 16), 3 * (16 * 16 + 32)
    reduction = (72 * 16 + 32) + (144 * 16 + 32) + 8 * 16
    ends = 32 + 17 * 10
    assert measure_cost(graph).params == stem + first_cell + reduction + second_cell + ends


def test_loads_back_from_json():
    space = load_space("spaces/nasbench201.nas")
    again = space_from_json(json.loads(json.dumps(space.to_json())))
    assert again.hash == space.hash
    assert again.graph_builder == space.graph_builder


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "cell { edges in {none, conv3x3} }",
            ["conv3x3: `conv3x3` is not an operation for an edge; did you mean `conv_3x3`?"],
        ),
        (
            "cell { nodes 1 edges in {none} }",
            ["1: `nodes` cannot be 1; it is a whole number from 2 to 20"],
        ),
        (
            "filters 8",
            [
                "filters 8: the cell does not say what its edges can be; "
                "write `cell { edges in {none, skip_connect, conv_3x3} }`"
            ],
        ),
        ("cell { edges in {none} } input text", ["text: unexpected `text`; write `image`"]),
        ("repeat 1 repeat 2 cell { edges in {none} }", ["repeat 2: `repeat` is given twice; "]),
        ("cell { edges in {} }", ["{}: this set is empty; give at least one value: {1, 2}"]),
    ],
)
def test_mistakes(text: str, expected: list[str]):
    assert errors(text) == expected
