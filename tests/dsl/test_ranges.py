"""The values of a range are finite, increasing, within its bounds, and few; or the range is refused at once."""

import math
import time
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError
from nasctl.dsl.ranges import MOST_VALUES


def choices(text: str):
    return parse_space(f"space choices\na in {text}\n", name="range").decisions[0].choices


def check(text: str, low: float, high: float) -> tuple:
    start = time.process_time()
    try:
        values = choices(text)
    except SpaceError as error:
        assert error.diagnostics[0].message
        values = ()
    assert time.process_time() - start < 2
    assert len(values) <= MOST_VALUES
    assert all(math.isfinite(value) and low <= value <= high for value in values)
    assert all(left < right for left, right in pairwise(values))
    return values


positive = st.floats(1e-290, 9e29) | st.integers(1, 10**30) | st.sampled_from([1e-290, 1, 1e30, 1000001])
numbers = (
    positive | st.floats(-9e29, 9e29).filter(lambda x: x == 0 or abs(x) > 1e-290) | st.integers(-1000, 1000)
)


@settings(deadline=None)  # `check` limits the processor time
@given(positive, positive, st.integers(2, 300))
def test_ranges_on_a_logarithmic_scale(low, high, count):
    assume(low <= high)
    values = check(f"{low}..{high} log {count}", low, high)
    if values:
        assert (values[0], values[-1]) == (low, high)
        if len(values) == count > 2 and not isinstance(low, int):
            steps = [math.log(right) - math.log(left) for left, right in pairwise(values)]
            assert max(steps) <= 1.1 * min(steps) + 1e-5


@settings(deadline=None)  # `check` limits the processor time
@given(positive, st.floats(1, 10), st.integers(2, 50))
def test_narrow_ranges_on_a_logarithmic_scale(low, share, count):
    high = float(low) * (1 + share * 1e-9)
    assume(low <= high < 1e30)
    check(f"{low}..{high} log {count}", low, high)


@settings(deadline=None)  # `check` limits the processor time
@given(positive, positive, st.floats(1.0001, 1e20) | st.integers(2, 100))
def test_ranges_by_a_factor(low, high, factor):
    assume(low <= high)
    values = check(f"{low}..{high} step *{factor}", low, high)
    if values:
        assert values[0] == low


@settings(deadline=None)  # `check` limits the processor time
@given(numbers, numbers, positive)
def test_ranges_by_a_step(low, high, step):
    assume(low <= high)
    values = check(f"{low}..{high} step {step}", low, high)
    if values:
        assert values[0] == low


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1e-300..1e30 log 3", (1e-300, 1e-135, 1e30)),
        ("1000001..1000002.5 log 4", (1000001, 1000001.5, 1000002.0, 1000002.5)),
        ("2e-5..200.0 step *10", (2e-05, 0.0002, 0.002, 0.02, 0.2, 2.0, 20.0, 200.0)),
        ("1.23456789012345..3 step *2", (1.23456789012345, 2.46913578025)),
        ("0.1..0.3 step 0.1", (0.1, 0.2, 0.3)),
        ("5..5.0 log 3", (5,)),
        ("9007199254740993..9007199254740993 step *2.0", (9007199254740993,)),
        ("9007199254740993..9007199254740993 step 0.5", (9007199254740993,)),
        ("-7.112774802962118e16..-7.1e16 step 1e15", (-7.112774802962118e16,)),
    ],
)
def test_rounding_keeps_values_apart_and_within_the_bounds(text, values):
    assert choices(text) == pytest.approx(values, rel=1e-9)
    assert choices(text)[0] == values[0]
    assert choices(text)[-1] == values[-1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1..1e18", "this range has more than 1,000,000,000,000 values"),
        ("1..1000000000000000000", "at most 10,000 are allowed"),
        ("0..1 step 1e-12", "at most 10,000 are allowed"),
        ("0..1 step 1e-300", "at most 10,000 are allowed"),
        ("1e-290..1e29 step *1.0001", "at most 10,000 are allowed"),
        ("1..2 log 1000000000", "at most 10,000 are allowed"),
        ("1..1.0000000000000004 log 9", "there are fewer than 9 numbers from"),
        ("1.0..1.000000000000001 step 1e-17", "too small to change"),
        ("0..1 step 0", "a step must be greater than zero"),
        ("1..2 step *1", "a factor must be greater than 1"),
        ("0..1 log 3", "must begin above zero"),
        ("1..2 log 2.5", "the number of values"),
        ("{1e999}", "this number is too large"),
        ("{1e-999}", "this number is too small"),
        ("{1e-300 * 1e-300, 1}", "this number is too small"),
        ("{1e-300 / 1e30, 1}", "this number is too small"),
        ("{1e30 * 1e30}", "this number is too large"),
        ("{1 / 0}", "divides by zero"),
        (f"{{{'9' * 5000}}}", "this number is too long"),
        ("{0x10, 1}", "`0x10` is neither a number nor a name"),
        ("{0, -0}", "0 is in this set twice"),
        ('{1, "1", "1"}', '"1" is in this set twice'),
        ("{0, -0.0}", "is in this set twice"),
    ],
)
def test_what_is_refused_says_why(text, message):
    with pytest.raises(SpaceError) as error:
        choices(text)
    assert message in error.value.message
    assert max(map(len, error.value.message.splitlines())) < 250
