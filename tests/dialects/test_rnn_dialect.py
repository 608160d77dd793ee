"""The rnn dialect: the decisions of a file, the number of cells, and error messages."""

import json

import numpy as np
import pytest

from nasctl.dialects import input_of, load_space, parse_space, space_from_json, targets_of
from nasctl.dsl import SpaceError
from nasctl.graph import Signature, bind, canonical_hash, measure_cost, op_named
from nasctl.input_kind import InputKind
from nasctl.space import Space, sample_uniform
from nasctl.target_kind import TargetKind

TEXT = Signature(input_shape=(35,), outputs=1_000)
TREE = """cell tree {
  base 2
  combine in {add, elem_mult}
  activation in {tanh, relu, sigmoid}
}"""


def parse(text: str) -> Space:
    return parse_space(f"space rnn\n{text}", name="test", path="test.nas")


def errors(text: str) -> list[str]:
    with pytest.raises(SpaceError) as caught:
        parse(text)
    return [f"{item.span.text}: {item.message}; {item.hint}" for item in caught.value.diagnostics]


def test_tokens_come_in_the_order_of_the_paper_s_figure():
    assert [decision.name for decision in parse(TREE).decisions] == [
        "node0.combine",
        "node0.activation",
        "node1.combine",
        "node1.activation",
        "node2.combine",
        "node2.activation",
        "inject.combine",
        "inject.activation",
        "cell_output",
        "cell_inject",
    ]


def test_the_order_in_the_file_does_not_matter():
    one = parse("hidden in {8, 16} stack 2 " + TREE)
    other = parse(
        """cell tree { indices { cell_inject in nodes cell_output in nodes } activation in {tanh, relu, sigmoid}
        inject { activation in {tanh, relu, sigmoid} combine in {add, elem_mult} } combine in {add, elem_mult} base 2 }
        stack 2 hidden in {8, 16}"""
    )
    assert one.hash == other.hash


def test_base_8_has_the_product_of_its_choice_sets():
    # Zoph & Le 2017, section 4.2: approximately 6e16 architectures.
    assert load_space("spaces/rnn.nas").size == (2 * 4) ** 15 * (2 * 4) * 15 * 15 == 63_331_869_759_897_600


def test_max_and_sin_widen_it():
    assert load_space("spaces/rnn_max_sin.nas").size == (3 * 5) ** 16 * 15 * 15


@pytest.mark.parametrize(
    ("indices", "choices"),
    [
        ("", ((0, 1, 2), (0, 1, 2))),
        ("indices { cell_inject, cell_output }", ((0, 1, 2), (0, 1, 2))),
        ("indices { cell_inject in leaves }", ((0, 1, 2), (0, 1))),
        ("indices { cell_output in inner cell_inject in {2, 0} }", ((2,), (2, 0))),
    ],
)
def test_indices_can_be_narrowed_down(indices: str, choices: tuple[tuple[int, ...], ...]):
    space = parse(TREE.removesuffix("}") + indices + "}")
    assert tuple(decision.choices for decision in space.decisions[-2:]) == choices


def test_what_is_fixed_is_not_decided():
    space = parse(
        """cell tree { base 2 combine add activation in {tanh, relu} inject { combine elem_mult activation tanh }
        indices { cell_output 2 cell_inject 0 } }"""
    )
    assert [decision.name for decision in space.decisions] == [f"node{node}.activation" for node in range(3)]
    graph = space.decode((0, 1, 0)).graph
    cell = graph.nodes[2].attributes["cell"]
    ops = {node.name: node.op for node in cell.nodes}
    assert (ops["node1.combine"], ops["inject.combine"]) == ("add", "elem_mult")
    assert cell.nodes[cell.outputs[1]].name == "node2.combine"


def test_sizes_can_be_decided():
    space = parse(TREE + "stack in {1, 2} hidden in {8, 16} dropout in {0, 0.5}")
    assert [decision.name for decision in space.decisions[-3:]] == ["stack", "hidden", "dropout"]
    graph = bind(space.decode((0,) * 10 + (1, 1, 1)).graph, TEXT)
    assert [node.op for node in graph.nodes] == [
        "input",
        "embedding",
        "dropout",
        "recurrent",
        "dropout",
        "recurrent",
        "dropout",
        "dense",
    ]
    assert graph.nodes[3].attributes["units"] == 16


def test_the_hidden_size_follows_from_a_number_of_parameters():
    space = load_space("spaces/rnn.nas")
    rng = np.random.default_rng(0)
    costs = {
        measure_cost(bind(space.decode(sample_uniform(space, rng)).graph, TEXT)).params for _ in range(5)
    }
    assert len(costs) == 1
    assert 195_000 < costs.pop() <= 200_000


def test_a_shared_embedding_saves_a_matrix():
    apart, shared = (
        measure_cost(bind(parse(f"{TREE} hidden 8 {more}").decode((0,) * 10).graph, TEXT)).params
        for more in ("", "share embedding")
    )
    assert apart - shared == 8 * 1_000


@pytest.mark.parametrize("name", ["rnn", "rnn_max_sin"])
def test_loads_back_from_json(name: str):
    space = load_space(f"spaces/{name}.nas")
    again = space_from_json(json.loads(json.dumps(space.to_json())))
    assert again.hash == space.hash
    assert again.graph_builder == space.graph_builder


def test_language_models_have_the_hash_that_earlier_versions_wrote():
    assert load_space("spaces/rnn.nas").hash.startswith("a9598b1b676e")
    assert "reads" not in load_space("spaces/rnn.nas").graph_builder.to_json()


def test_what_networks_read_and_predict_is_part_of_the_hash():
    ends = ("", "output classifier", "output regression", "input series", "input series output regression")
    spaces = [parse(f"{TREE} {end}") for end in ends]
    assert len({space.hash for space in spaces}) == len(spaces)
    for space in spaces:
        again = space_from_json(json.loads(json.dumps(space.to_json())))
        assert (again.hash, input_of(again), targets_of(again)) == (
            space.hash,
            input_of(space),
            targets_of(space),
        )
    assert parse(f"{TREE} input text output language_model").hash == spaces[0].hash
    assert parse(f"{TREE} input series output classifier").hash == spaces[3].hash


def test_a_space_that_includes_another_may_predict_something_else():
    space = parse('include "spaces/documents.nas" output regression')
    assert (input_of(space), targets_of(space)) == (InputKind.TEXT, (TargetKind.NUMBERS,))


def test_different_cells_have_different_hashes():
    space = load_space("spaces/rnn_max_sin.nas")
    rng = np.random.default_rng(0)
    strings = [sample_uniform(space, rng) for _ in range(100)]
    assert all(space.tokens(space.values(tokens)) == tokens for tokens in strings)
    hashes = {canonical_hash(bind(space.decode(tokens).graph, TEXT)) for tokens in strings}
    assert len(hashes) == len(set(strings))


def test_every_name_of_an_op_is_one():
    for name in ("add", "elem_mult", "max", "identity", "tanh", "sigmoid", "relu", "sin"):
        assert op_named(name).name == name


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            TREE.replace("base 2", "base 6"),
            ["6: `6` is not a base for a tree; powers of two nearby are 4 and 8"],
        ),
        (
            TREE.replace("base 2", "base 1"),
            ["1: `1` is not a base for a tree; it is a power of two from 2 to 64"],
        ),
        (
            TREE.replace("base 2", "base in {2, 4}"),
            ["base in {2, 4}: the base of a tree cannot be decided; write `base 8`"],
        ),
        (
            TREE.replace("elem_mult", "elem_mul"),
            ["elem_mul: `elem_mul` is not a combination; did you mean `elem_mult`?"],
        ),
        (TREE.replace("{tanh", "{tan"), ["tan: `tan` is not an activation; did you mean `tanh`?"]),
        (
            TREE.replace("activation", "activations"),
            ["activations: `cell` has no property `activations`; did you mean `activation`?"],
        ),
        (TREE.replace("  base 2\n", ""), ["cell: `cell` needs `base`; write `base 8`"]),
        (TREE.replace("}\n}", "}\n base 4}"), ["base 4: `base` is given twice; "]),
        (
            TREE.removesuffix("}") + "indices { cell_output in {1, 3} } }",
            ["3: `3` is not a node of a tree of base 2; it is a whole number from 0 to 2"],
        ),
        (
            TREE.removesuffix("}") + "inject { combine in {add} } }",
            ["inject: `inject` needs `activation`; write `activation in {identity, tanh, sigmoid, relu}`"],
        ),
        (TREE + "stack 0", ["0: `0` is not a number of layers; it is a whole number from 1 to 64"]),
        (TREE + "dropout 1", ["1: `1` is not a fraction to drop; it is a number from 0 to less than 1"]),
        (TREE + "hidden 8 hidden 9", ["hidden 9: `hidden` is given twice; "]),
        (
            TREE + "output clasifier",
            ["clasifier: `clasifier` is no output of this dialect; did you mean `classifier`?"],
        ),
        (TREE + "input image", ["image: `image` is no input of this dialect; it can be `text`, `series`"]),
        (
            TREE + "input series output language_model",
            [
                "language_model: a language model reads text, not series; "
                "write `output classifier` or `output regression`, or `input text`"
            ],
        ),
        (
            TREE + "input series share embedding",
            [
                "share embedding: only a language model can share its embedding with its output; "
                "remove `share embedding`; if it is in a file that you include, include spaces/documents.nas"
            ],
        ),
        (
            TREE + "output regression share embedding",
            [
                "share embedding: only a language model can share its embedding with its output; "
                "remove `share embedding`; if it is in a file that you include, include spaces/documents.nas"
            ],
        ),
        (
            "stack 2",
            [
                "stack 2: a file of this dialect needs a cell, but there is none; "
                "write `cell tree { base 8 combine in {…} activation in {…} }`"
            ],
        ),
    ],
)
def test_mistakes(text: str, expected: list[str]):
    assert errors(text) == expected


def test_a_misspelt_property_is_not_missing_too():
    assert len(errors(TREE.replace("combine in", "combine inn"))) == 1


def test_all_mistakes_are_told_at_once():
    assert (
        len(errors("cell tree { base 3 combine in {plus} activation in {tahn} } stack 0 share weights")) == 5
    )


def test_which_networks_differ_in_their_tree_cells_only() -> None:
    ops = load_space("spaces/rnn.nas").tree_ops
    assert ops is not None
    assert ops.combines == ("add", "elem_mult")
    assert ops.activations == ("identity", "relu", "sigmoid", "tanh")
    assert parse(TREE + "\nhidden 20").tree_ops is not None
    assert parse(TREE + "\nhidden in {20, 30}").tree_ops is None
    assert parse(TREE + "\nstack in {1, 2}").tree_ops is None
    assert load_space("spaces/cnn.nas").tree_ops is None
