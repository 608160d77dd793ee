import pytest

from nasctl.dialects import parse_space
from nasctl.dsl import SpaceError


def choices(written: str, before: str = "") -> tuple:
    space = parse_space(f"space choices\n{before}\nx in {written}\n", name="values")
    return space.decisions[0].choices


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{1, 2, 3}", (1, 2, 3)),
        ("{relu, tanh}", ("relu", "tanh")),
        ('{"1x1", "3x3"}', ("1x1", "3x3")),
        ("{1, 2,}", (1, 2)),
        ("{-1, 0.5}", (-1, 0.5)),
        ("1..4", (1, 2, 3, 4)),
        ("24..64 step 12", (24, 36, 48, 60)),
        ("6..20 step 2", (6, 8, 10, 12, 14, 16, 18, 20)),
        ("0.1..0.5 step 0.1", (0.1, 0.2, 0.3, 0.4, 0.5)),
        ("16..256 step *2", (16, 32, 64, 128, 256)),
        ("1..8 step *1.5", (1, 1.5, 2.25, 3.375, 5.0625, 7.59375)),
        ("0.3..0.5 step *1.1", (0.3, 0.33, 0.363, 0.3993, 0.43923, 0.483153)),
        ("1.1..1.5 step *1.0777", (1.1, 1.18547, 1.277581019, 1.37684906418, 1.48383023646)),
        ("2.5..20 step *2", (2.5, 5, 10, 20)),
        ("0.001..0.1 log 3", (0.001, 0.01, 0.1)),
        ("1..4 log 2", (1, 4)),
        ("1..10 log 3", (1, 3, 10)),
        ("1..10.0 log 3", (1, 3.16228, 10)),
        ("1.0..10 log 3", (1, 3.16228, 10)),
        ("1..1000 log 4", (1, 10, 100, 1000)),
        ("{1, 8..24 step 8, 100}", (1, 8, 16, 24, 100)),
        ("{2 * 3, 10 - 2 - 1, 7 / 2, 8 / 2, (1 + 1) * 5}", (6, 7, 3.5, 4, 10)),
        ("{1k, 5M, 2KiB, 3_000}", (1_000, 5_000_000, 2_048, 3_000)),
    ],
)
def test_values_of_sets_and_ranges(written, meant):
    assert choices(written) == meant


def test_numbers_without_fraction_or_exponent_are_ints():
    assert [type(value) for value in choices("{1, 2.0, 1e3, 3 / 1}")] == [int, float, float, int]


@pytest.mark.parametrize(
    ("written", "kinds"),
    [
        ("1..1000 log 4", {int}),
        ("1..10.0 log 3", {int, float}),
        ("16..256 step *2", {int}),
        ("16..256 step *2.0", {float}),
        ("16.0..256 step *2", {float}),
        ("{1e29 * 10}", {float}),
    ],
)
def test_a_range_of_whole_numbers_has_whole_numbers(written, kinds):
    assert {type(value) for value in choices(written)} == kinds


def test_every_error_of_a_calculation_is_reported():
    with pytest.raises(SpaceError) as caught:
        choices("{1 / 0 / (2 / 0) + missing + unknown}")
    messages = [item.message for item in caught.value.diagnostics]
    assert sum("divides by zero" in message for message in messages) == 2
    assert sum("`missing`" in message for message in messages) == 1
    assert sum("`unknown`" in message for message in messages) == 1


@pytest.mark.parametrize(
    ("let", "written", "meant"),
    [
        ("let n = 3", "n..n + 2", (3, 4, 5)),
        ("let widths = {8, 16}", "widths", (8, 16)),
        ("let widths = {8, 16}", "{widths, 32}", (8, 16, 32)),
        ("let base = 4 let all = {base, 2 * base}", "all", (4, 8)),
        ("let act = tanh", "{act, relu}", ("tanh", "relu")),
    ],
)
def test_names_that_let_defines(let, written, meant):
    assert choices(written, let) == meant


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{}", "unexpected|is empty"),
        ("{1, 1}", "1 is in this set twice"),
        ("4..1", "this range is empty"),
        ("1..4 step 0", "a step must be greater than zero"),
        ("0..4 log 3", "must begin above zero"),
        ("1..4 log 1", "2 or more"),
        ("1..4 step *1", "a factor must be greater than 1"),
        ("5", "one value"),
        ("{1 / 0}", "divides by zero"),
        ("{1e29 * 10 * 10 + 1}", "this number is too large"),
        ("1..1000000 step *1.00001", "at most"),
        ("1..2 log 99999999", "at most"),
        ('{"a" + 1}', "not a number"),
        ("missing", "there is no set `missing`"),
    ],
)
def test_errors(written, message):
    with pytest.raises(SpaceError, match=message):
        choices(written)


def test_a_let_may_use_only_earlier_ones():
    with pytest.raises(SpaceError, match="`b` is neither a number nor defined by `let`"):
        choices("{a}", "let a = b + 1 let b = 2")
