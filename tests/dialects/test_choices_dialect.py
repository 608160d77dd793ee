import pytest

from nasctl.dialects import parse_space
from nasctl.dialects.reading import read_space
from nasctl.dsl import SpaceError
from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.source import Source
from nasctl.errors import NasctlError
from nasctl.space import Clause


def choices(text: str):
    return parse_space(f"space choices\n{text}", name="test")


def test_two_lines_are_a_whole_space():
    space = choices("p0 in {0, 1, 2}")
    assert [(decision.name, decision.choices) for decision in space.decisions] == [("p0", (0, 1, 2))]


def test_groups_and_repetitions_name_their_decisions():
    space = choices(
        "opt { rate in {1, 2} } unit repeat 2 { act in {relu, tanh} } gene repeat 2 in {0, 1} batch = 32"
    )
    assert [decision.name for decision in space.decisions] == [
        "opt.rate",
        "unit1.act",
        "unit2.act",
        "gene1",
        "gene2",
        "batch",
    ]
    assert space.decode((0, 0, 1, 1, 0, 0)).values["batch"] == 32


def test_a_decided_number_of_repetitions():
    space = choices("unit repeat in {1, 3} { act in {relu, tanh} }")
    assert space.size == 2 + 2**3
    assert space.decode((0, 1, -1, -1)).values == {"unit.repeat": 1, "unit1.act": "tanh"}


def test_alternatives_bring_their_own_decisions():
    space = choices("opt one of { sgd { momentum in {0, 0.9} } adam { beta in {0.9, 0.99} } plain }")
    assert space.size == 2 + 2 + 1
    assert space.decode((1, -1, 0)).values == {"opt": "adam", "opt.adam.beta": 0.9}


@pytest.mark.parametrize(
    ("condition", "tokens"),
    [
        ("a == 2", (1,)),
        ("a != 2", (0, 2)),
        ("a in {1, 3}", (0, 2)),
        ("a >= 2", (1, 2)),
        ("a < 2", (0,)),
        ("a in 2..3", (1, 2)),
    ],
)
def test_conditions(condition, tokens):
    space = choices(f"a in {{1, 2, 3}} if {condition} {{ b in {{1, 2}} }}")
    assert space.decisions[1].when == (Clause(0, tokens),)


def test_conditions_inside_each_other_must_all_hold():
    space = choices("a in {1, 2} b in {1, 2} if a == 1 and b == 2 { c in {1, 2} if c == 2 { d in {1, 2} } }")
    assert space.decisions[3].when == (Clause(0, (0,)), Clause(1, (1,)), Clause(2, (1,)))
    assert space.size == 3 + 3


def test_a_name_means_the_nearest_decision():
    space = choices("a in {1, 2} g repeat 2 { a in {1, 2} if a == 2 { b in {1, 2} } }")
    assert [decision.when[0].decision for decision in space.decisions if decision.name.endswith("b")] == [
        1,
        3,
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a in {1, 2} a in {1, 2}", "`a` is decided twice"),
        ("if b == 1 { a in {1, 2} }", "no decision `b` comes before this"),
        ("a in {1, 2} if a == 3 { b in {1, 2} }", "`a` is never 3"),
        ("a in {1, 2} if a > 2 { b in {1, 2} }", "can never hold"),
        ("a in {x, y} if a > 2 { b in {1, 2} }", "`>` compares numbers"),
        ("a in {1, 2} if a == 1 { if a == 2 { b in {1, 2} } }", "can never hold"),
        ("g repeat 0 { a in {1, 2} }", "a number of repetitions is from 1"),
        ("a one of { }", "has no alternatives|unexpected"),
    ],
)
def test_mistakes(text, message):
    with pytest.raises(SpaceError, match=message):
        choices(text)


def test_there_is_no_network():
    with pytest.raises(NasctlError, match="has no networks") as caught:
        _ = choices("a in {1, 2}").decode((0,)).graph
    assert "--evaluator" in caught.value.hint


@pytest.mark.parametrize(
    ("tests", "dead"),
    [
        ("a > 1 and a < 2", True),
        ("a == 1 and a == 2", True),
        ("a in {1, 2} and b == 1 and a == 3", True),
        ("a >= 2 and a <= 2", False),
        ("a > 1 and b == 1", False),
    ],
)
def test_tests_that_exclude_each_other_are_reported(tests, dead):
    problems = Problems()
    text = f"space choices a in {{1, 2, 3}} b in {{1, 2}} if {tests} {{ c in {{1, 2}} }}"
    read_space(Source("<text>", text), "test", problems)
    message = "this can never hold together with the tests before it, so nothing inside is ever decided"
    assert [item.message for item in problems.warnings] == ([message] if dead else [])


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('a in {""}', 'write `a = ""`'),
        ('a in {"1"}', 'write `a = "1"`'),
        ('a in {"x y"}', 'write `a = "x y"`'),
        ("a in {x}", "write `a = x`"),
        ("a in {1.5}", "write `a = 1.5`"),
    ],
)
def test_what_a_hint_says_to_write_can_be_read(text, hint):
    problems = Problems()
    read_space(Source("<text>", f"space choices {text}"), "test", problems)
    assert [item.hint for item in problems.warnings] == [hint]
