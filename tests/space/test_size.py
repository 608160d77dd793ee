"""The reported number of architectures equals the number that enumeration finds."""

import time
from itertools import product
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nasctl.dialects import load_space, parse_space
from nasctl.dialects.choices.graph_builder import ChoicesGraphBuilder
from nasctl.space import INACTIVE, Clause, Decision, Space


def enumerate_strings(space: Space) -> int:
    """Counts by trying every string of tokens."""
    count = 0
    for tokens in product(*((INACTIVE, *range(len(decision.choices))) for decision in space.decisions)):
        active = [decision.active(tokens) for decision in space.decisions]
        count += all((token != INACTIVE) == taken for token, taken in zip(tokens, active, strict=True))
    return count


@st.composite
def spaces(draw) -> Space:
    decisions: list[Decision] = []
    for index in range(draw(st.integers(0, 6))):
        when = []
        for _ in range(draw(st.integers(0, min(index, 3)))):
            earlier = draw(st.integers(0, index - 1))
            tokens = draw(st.sets(st.integers(0, len(decisions[earlier].choices) - 1), min_size=1))
            when.append(Clause(earlier, tuple(sorted(tokens))))
        choices = tuple(range(draw(st.integers(1, 3))))
        decisions.append(Decision(f"d{index}", "d", choices, tuple(when)))
    return Space("drawn", "choices", tuple(decisions), ChoicesGraphBuilder())


@settings(deadline=None, max_examples=150)
@given(spaces())
def test_size_is_what_enumeration_finds(space):
    assert space.size == enumerate_strings(space)


@settings(deadline=None, max_examples=150)
@given(spaces(), st.integers(0, 30))
def test_bounds_contain_what_enumeration_finds(space, work):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nasctl.space.size.MOST_WORK", work)
        low, high = space.size_bounds
    assert low <= enumerate_strings(space) <= high


A_TO_Z = "\n".join(f"a{number} in 1..10" for number in range(60))


@pytest.mark.parametrize(
    ("conditions", "size"),
    [
        pytest.param(
            f"if {' and '.join(f'a{n} == 1' for n in range(7))} {{ b in {{1, 2, 3}} }}",
            10**60 + 2 * 10**53,
            id="seven tests",
        ),
        pytest.param(
            f"if {' and '.join(f'a{n} > 5' for n in range(60))} {{ b in {{1, 2, 3}} }}",
            10**60 + 2 * 5**60,
            id="sixty tests",
        ),
        pytest.param(
            "\n".join(f"if a{n} == 1 and a59 in {{1, 2}} {{ b{n} in {{1, 2, 3}} }}" for n in range(59)),
            8 * 10**59 + 2 * 12**59,
            id="one decision in all conditions",
        ),
        pytest.param(
            "g repeat in 1..500 { b in {1, 2} }",
            10**60 * (2**501 - 2),
            id="a repeated group",
        ),
    ],
)
def test_conditions_on_many_decisions_are_counted_exactly_and_at_once(conditions, size):
    space = parse_space(f"space choices\n{A_TO_Z}\n{conditions}", name="many")
    start = time.process_time()
    assert space.size_bounds == (size, size)
    assert time.process_time() - start < 2


def test_conditions_that_cannot_be_separated_have_bounds_within_seconds():
    random = Random(0)
    conditions = [
        f"if {' and '.join(f'a{at} > {random.randint(1, 9)}' for at in random.sample(range(60), 3))} "
        f"{{ b{number} in {{1, 2, 3}} }}"
        for number in range(100)
    ]
    space = parse_space("\n".join(["space choices", A_TO_Z, *conditions]), name="tangled")
    start = time.process_time()
    low, high = space.size_bounds
    assert time.process_time() - start < 10
    assert 10**60 <= space.size == low < high <= 10**60 * 3**100


def test_sizes_of_the_literature():
    assert load_space("spaces/nasbench201.nas").size == 15_625
    # Zoph & Le 2017, section 3.4: 15 nodes with 2 × 4 choices, the injection, two indices among 15.
    assert load_space("spaces/rnn.nas").size == (2 * 4) ** 15 * (2 * 4) * 15 * 15
    # Section 4.1: per layer 4 heights, 4 widths, 4 numbers of filters, and a bit for each earlier layer.
    assert load_space("spaces/cnn.nas").size == 4 ** (3 * 6) * 2 ** (5 * 6 // 2)
    depths = range(6, 21, 2)
    assert load_space("spaces/cnn_schedule.nas").size == sum(
        4 ** (3 * n) * 2 ** (n * (n - 1) // 2) for n in depths
    )


def test_many_conditions_far_from_what_they_ask():
    names = range(60)
    decisions = "\n".join(f"a{n} in {{x, y}}" for n in names)
    conditions = "\n".join(f"if a{n} == x {{ b{n} in {{1, 2, 3}} }}" for n in names)
    assert parse_space(f"space choices\n{decisions}\n{conditions}", name="far").size == 4**60


def test_more_architectures_than_fit_in_a_machine_word():
    assert parse_space("space choices\ngene repeat 10000 in {0, 1}", name="long").size == 2**10_000
