"""Small files that describe something huge are refused within seconds, with an error that names the limit."""

import time

import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError

HUGE = {
    "sets that double": (
        "space choices\nlet b0 = {1, 2}\n"
        + "".join(f"let b{i + 1} = {{b{i}, {10 ** (i + 1)}..{10 ** (i + 1) + 2**i}}}\n" for i in range(20))
        + "a in b20\n",
        "at most 10,000 are allowed",
    ),
    "numbers that are squared": (
        "space choices\nlet a0 = 2\n"
        + "".join(f"let a{i + 1} = a{i} * a{i}\n" for i in range(200))
        + "x in {a200}\n",
        "this number is too large",
    ),
    "blocks that double": (
        "space cnn\nlayers 2\nblock b0 { relu relu }\n"
        + "".join(f"block b{i + 1} {{ b{i} b{i} }}\n" for i in range(19))
        + "layer { b19 }\n",
        "more than 20,000 ops",
    ),
    "repeats in repeats": (
        "space cnn\nlayers 2\nlayer { " + "repeat 100 { " * 10 + "relu" + " }" * 10 + " }\n",
        "more than 20,000 ops",
    ),
    "a group repeated up to 10,000 times": (
        "space choices\ng repeat in 1..10000 { a in {1, 2} }\n",
        "list more than 4,000,000 choices",
    ),
    "20,000 decisions of 10,000 choices": (
        "space choices\ng repeat 20000 in 1..10000\n",
        "list more than 4,000,000 choices",
    ),
    "conditions on a decision of 10,000 choices": (
        "space choices\na in 1..10000\n"
        + "".join(f"if a > {i} {{ b{i} in {{1, 2}} }}\n" for i in range(1000)),
        "list more than 4,000,000 choices",
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(*case, id=name, marks=pytest.mark.slow if name.startswith("conditions") else ())
        for name, case in HUGE.items()
    ],
)
def test_what_is_too_large_is_refused_at_once(text, message):
    start = time.process_time()
    with pytest.raises(SpaceError, match=message):
        parse_space(text, name="huge")
    assert time.process_time() - start < 10


def test_many_decisions_with_choices_of_their_own_are_read_in_linear_time():
    text = "space choices\n" + "".join(f"g{i} {{ a in {{{i}, {i + 1}}} }}\n" for i in range(3000))
    start = time.process_time()
    space = parse_space(text, name="kinds")
    assert time.process_time() - start < 10
    assert len({decision.kind for decision in space.decisions}) == 3000
