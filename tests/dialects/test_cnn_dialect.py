import numpy as np
import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError
from nasctl.graph import Signature
from nasctl.space import Clause, sample_uniform

IMAGE = Signature((8, 8, 1), 10)


def cnn(text: str):
    return parse_space(f"space cnn\n{text}", name="test")


def names(space) -> list[str]:
    return [decision.name for decision in space.decisions]


def test_decisions_of_a_layer_are_in_the_order_of_the_file_and_then_the_anchor():
    space = cnn("""
      layers 2
      layer {
        conv { height in {1, 3} width in {1, 3} stride (height in {1, 2}, width in {1, 2}) filters in {8, 16} }
        skip anchors
      }""")
    each = ["height", "width", "stride_height", "stride_width", "filters"]
    layer1, layer2 = ([f"layer{number}.{name}" for name in each] for number in (1, 2))
    assert names(space) == [*layer1, *layer2, "layer2.skip.1"]
    assert [point.sources for point in space.anchors] == [(), (0,)]
    assert space.decisions[-1].kind == "anchor"


def test_decisions_with_equal_choices_are_of_one_kind():
    space = cnn("layers 3 layer { conv { size in {1, 3} filters in {8, 16} } }")
    assert [decision.kind for decision in space.decisions] == ["size", "filters"] * 3


def test_a_type_masks_what_belongs_to_the_others():
    space = cnn(
        "layers 1 layer { one of { conv { size in {1, 3} filters 8 } max_pool { size in {2, 3} } relu } }"
    )
    assert names(space) == ["layer1.type", "layer1.conv.size", "layer1.max_pool.size"]
    assert space.decisions[1].when == (Clause(0, (0,)),)
    assert space.size == 2 + 2 + 1
    assert space.decode((1, -1, 1)).values == {"layer1.type": "max_pool", "layer1.max_pool.size": 3}


def test_layers_that_are_not_there_decide_nothing():
    space = cnn("layers in {1, 2} layer { conv { size in {1, 3} filters 8 } skip anchors }")
    assert names(space) == ["layers", "layer1.size", "layer2.size", "layer2.skip.1"]
    assert space.decode((0, 1, -1, -1)).values == {"layers": 1, "layer1.size": 3}
    assert space.size == 2 + 2 * 2 * 2


def test_a_schedule_takes_one_depth_after_another():
    space = cnn("layers 2..6 step 2 every 10 samples layer { conv { size in {1, 3} filters 8 } }")
    depths = [space.decisions[0].choices[space.forced(trial)[0]] for trial in (0, 9, 10, 20, 1000)]
    assert depths == [2, 2, 4, 6, 6]


def test_one_decision_may_be_used_in_several_places_by_a_block():
    space = cnn("""
      block twice(width) { conv { size 3 filters width } relu conv { size 1 filters width } }
      layers 1
      layer { twice { width in {8, 16} } }""")
    assert names(space) == ["layer1.width"]
    nodes = space.decode((1,)).graph.nodes
    assert [node.attributes["filters"] for node in nodes if node.op == "conv2d"] == [16, 16]


def test_a_dense_repetition_reads_all_before_it():
    space = cnn("layers 1 layer { repeat 3 dense { conv { size 3 filters in {8, 16} } } }")
    graph = space.decode((0,)).graph
    last = next(node for node in graph.nodes if node.name == "layer1.conv.3")
    joined = graph.nodes[last.inputs[0]]
    assert [graph.nodes[index].name for index in joined.inputs] == ["image", "layer1.conv.1", "layer1.conv.2"]


def test_what_crosses_a_place_goes_through_it_once():
    space = cnn(
        "layers 3 layer { conv { size 3 filters in {8, 16} } skip anchors } after 1 { max_pool { size 2 } }"
    )
    graph = space.decode(
        space.tokens(
            {f"layer{n}.filters": 8 for n in (1, 2, 3)} | {"layer2.skip": (1,), "layer3.skip": (1, 2)}
        )
    ).graph
    pools = [node for node in graph.nodes if node.op == "max_pool"]
    assert [graph.nodes[node.inputs[0]].name for node in pools] == ["layer1.conv"]


def test_stages_with_names_and_a_decided_length():
    space = cnn("""
      layer stem { conv { size 3 filters in {8, 16} } }
      layer stage repeat in 1..2 { conv { size in {3, 5} filters 8 } }""")
    assert names(space) == ["stem.filters", "stage.repeat", "stage.1.size", "stage.2.size"]
    assert space.size == 2 * (2 + 2 * 2)
    graph = space.decode((0, 0, 1, -1)).graph
    assert [node.name for node in graph.nodes] == [
        "image",
        "stem.conv",
        "stage.1.conv",
        "output.pool",
        "output",
    ]


def test_layers_without_anchors_are_a_chain():
    graph = cnn("layers 2 layer { conv { size 3 filters 8 } relu }").decode(()).graph
    assert [node.op for node in graph.nodes] == [
        "input",
        *("conv2d", "relu") * 2,
        "global_average_pool",
        "dense",
    ]
    assert [node.inputs for node in graph.nodes] == [(), *((index,) for index in range(6))]


def test_every_layer_type_and_every_depth_has_a_cost():
    space = cnn("""
      layers in 1..4
      layer {
        one of {
          conv { size in {1, 3} stride 2 filters in {4, 8} }
          separable_conv { height 3 width in {1, 3} filters in {4, 8} }
          max_pool { size 2 } average_pool { size in {2, 3} stride 1 }
          dropout { rate in {0.1, 0.5} } batch_norm relu tanh sigmoid identity zero
        }
        skip anchors
      }""")
    for seed in range(60):
        space.decode(sample_uniform(space, np.random.default_rng(seed))).cost(IMAGE)


def warnings(text: str) -> list[str]:
    from nasctl.dialects.reading import read_space
    from nasctl.dsl import Problems, Source

    problems = Problems()
    read_space(Source("<text>", f"space cnn\n{text}"), "test", problems)
    return [item.message for item in problems.warnings]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("let w = 3 layers 1 layer { relu }", "nothing uses `w`"),
        ("block b { relu } layers 1 layer { relu }", "nothing uses the block `b`"),
        ("layers 1 layer { conv { size in {3} filters 8 } }", "`size` has one choice, so nothing is decided"),
        ("layers in {2} layer { relu }", "there is one choice, so nothing is decided"),
        (
            "layers 2 layer { relu } after 2 { max_pool { size 2 } }",
            "there are at most 2 layers, so nothing comes after layer 2",
        ),
        (
            "layers 1 layer { relu } require latency <= 5",
            "`latency` is not a static measure, so the evaluator must report it",
        ),
        ("layers 1 layer { one of { relu } }", "`one of` offers one type, so nothing is decided"),
    ],
)
def test_warnings(text, message):
    assert warnings(text) == [message]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layer { relu }", "the number of layers is missing"),
        ("layers 2", "`layers` counts the layer without a name, but there is none"),
        ("layers 0 layer { relu }", "from 1 to 1,000, not 0"),
        ("layers 2 layer { }", "this layer is empty"),
        ("layers 2 layers 3 layer { relu }", "`layers` is given twice"),
        ("layers 2 layer { relu } layer { relu }", "two layers without a name"),
        ("layer a { relu } layer a { relu }", "two layers `a`"),
        ("layers 2 layer { relu } layer layer2 { relu }", "two layers `layer2`"),
        ("layer layer2 { relu } layers 2 layer { relu }", "two layers `layer2`"),
        ("layer layer1 { relu } layers in {1, 2} layer { relu }", "two layers `layer1`"),
        ("layer layer2 { relu } layers 1..2 every 5 samples layer { relu }", "two layers `layer2`"),
        ("layers 1 layer { conv { size 3 filters 1000001 } }", "from 1 to 1000000, not 1000001"),
        ("layers 1 layer { dropout { rate 0.990001 } }", "from 0 to 0.99, not 0.990001"),
        ("layers 2 layer { conv { size 3 } }", "conv needs `filters`"),
        ("layers 2 layer { conv { size 3 height 3 filters 4 } }", "a size and a height"),
        ("layers 2 layer { conv { size (height 3) filters 4 } }", "`size` lacks its width"),
        ("layers 2 layer { conv { size 3 filters 4 filters 4 } }", "`filters` is given twice"),
        ("layers 2 layer { conv { size 3 filters 0.5 } }", "must be a whole number, not 0.5"),
        ("layers 2 layer { one of { relu relu } }", "offered twice"),
        ("layers 2 layer { relu { slope 1 } }", "relu has no property `slope`"),
        ("layers 3..1 every 5 samples layer { relu }", "this range is empty"),
        ("layers 1..3 every 0 samples layer { relu }", "a whole number of samples"),
        ("input text layers 2 layer { relu }", "a cnn has no input `text`"),
        (
            "layers 2 layer { relu } after 1 { conv { size 3 filters in {1, 2} } }",
            "nothing can be decided in the body of `after`",
        ),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(SpaceError, match=message):
        cnn(text)
