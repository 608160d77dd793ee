"""Rewards that combine several measures."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.errors import NasctlError
from nasctl.formula import read_formula

numbers = st.floats(0.01, 100).map(lambda value: round(value, 3))
words = st.one_of(numbers.map(str), st.sampled_from(["accuracy", "latency"]))


def joined(parts: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(parts, st.sampled_from(["+", "-", "*", "/"]), parts).map(" ".join),
        parts.map(lambda inner: f"({inner})"),
        parts.map(lambda inner: f"-({inner})"),
        st.tuples(parts, st.integers(-2, 2)).map(lambda pair: f"({pair[0]}) ^ {pair[1]}"),
        st.tuples(parts, parts).map(lambda pair: f"max({pair[0]}, {pair[1]})"),
    )


@given(st.recursive(words, joined, max_leaves=8), numbers, numbers)
def test_a_formula_means_what_it_means_in_python(text: str, accuracy: float, latency: float) -> None:
    measures = {"accuracy": accuracy, "latency": latency}
    try:
        expected = eval(text.replace("^", "**"), {"max": max}, dict(measures))
    except ArithmeticError:
        expected = math.nan
    assert read_formula(text)(measures) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("-2 ^ 2", -4),
        ("2 ^ 3 ^ 2", 512),
        ("2 ^ -1", 0.5),
        ("10 - 2 - 3", 5),
        ("12 / 2 / 3", 2),
        ("log(exp(2)) + sqrt(9) + min(1, 2)", 6),
        ("log(0 - 1)", math.nan),
        ("(0 - 8) ^ 0.5", math.nan),
        ("1 / 0", math.nan),
        ("9 ^ 9 ^ 9", math.nan),
        ("0 ^ -1", math.nan),
        ("1e300 * 1e300", math.inf),
        ("1e308 + 1e308 - 1e308", math.inf),
        ("exp(1000)", math.nan),
        ("log(0)", math.nan),
        ("log(0 - 1) * 0", math.nan),
        ("((0 - 1) ^ 0.5) ^ 2", math.nan),
        ("log((0 - 1) ^ 0.5)", math.nan),
        ("exp((0 - 1) ^ 0.5)", math.nan),
        ("min((0 - 1) ^ 0.5, 1)", math.nan),
        ("max(1, (0 - 1) ^ 0.5)", math.nan),
        ("min(3)", 3),
        ("log(8, 2)", 3),
        ("log(8, 1)", math.nan),
        ("1e-320", 1e-320),
        ("(" * 900 + "1" + ")" * 900, 1),
        ("-" * 1900 + "1", 1),
        ("1" + "+1" * 990, 991),
        ("2" + "^1" * 900, 2),
    ],
)
def test_precedence_and_what_has_no_value(text: str, value: float) -> None:
    assert read_formula(text)({}) == pytest.approx(value, nan_ok=True)


@pytest.mark.parametrize("text", ["min(a, b)", "max(b, a)", "min(b, a, 1)", "max(1, a, b)"])
def test_what_has_no_value_is_neither_smallest_nor_largest(text: str) -> None:
    assert math.isnan(read_formula(text)({"a": math.nan, "b": 1.0}))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("latenci", "did you mean `latency`?"),
        ("acuracy", "did you mean `accuracy`?"),
        ("zzz", "the measures are accuracy, latency"),
    ],
)
def test_a_measure_that_is_missing_is_answered_with_those_there_are(text: str, hint: str) -> None:
    with pytest.raises(NasctlError, match=f"needs {text}, which is not measured") as caught:
        read_formula(text)({"validation_accuracy": 0.9, "latency": 1.0})
    assert caught.value.hint == hint


def test_measures_of_the_validation_split_go_by_their_short_names() -> None:
    assert read_formula("accuracy - 1e-6 * params")(
        {"validation_accuracy": 0.9, "params": 1e5}
    ) == pytest.approx(0.8)


@pytest.mark.parametrize(
    ("text", "what", "column"),
    [
        ("accuracy *", "it ends too early", 10),
        ("accuracy ** 2", "`*` does not belong here", 10),
        ("accuracy $ 2", "`$` does not belong here", 9),
        ("(accuracy", "it ends too early", 9),
        ("sin(accuracy)", "there is no function `sin`", 0),
        ("", "it ends too early", 0),
    ],
)
def test_a_mistake_is_pointed_at(text: str, what: str, column: int) -> None:
    with pytest.raises(NasctlError) as error:
        read_formula(text)
    first, shown, caret = error.value.message.splitlines()
    assert what in first
    assert shown == f"  {text}"
    assert caret.index("^") == column + 2


def test_a_measure_that_there_is_not_is_named_with_the_nearest() -> None:
    with pytest.raises(NasctlError, match="needs latancy") as error:
        read_formula("accuracy / latancy")({"accuracy": 1.0, "latency": 2.0})
    assert error.value.hint == "did you mean `latency`?"


@pytest.mark.parametrize(
    ("text", "message", "column"),
    [
        ("1e999", "this is not a number, or it is too large", 0),
        ("accuracy + 1e999", "this is not a number, or it is too large", 11),
        ("2 * 1__0", "this is not a number, or it is too large", 4),
        ("2 * 1_", "this is not a number, or it is too large", 4),
        ("1 + sqrt(1, 2)", "`sqrt` takes one value, not 2", 4),
        ("log(1, 2, 3)", "`log` takes 1 or 2 values, not 3", 0),
        ("accuracy; 1", "`;` does not belong here", 8),
        ("0x10", "does not belong here", None),
        ("accuracy\r* 2", "does not belong here", None),
        ("accuracy\x00", "does not belong here", None),
    ],
)
def test_numbers_and_calls_that_have_no_value_are_refused_where_they_stand(
    text: str, message: str, column: int | None
) -> None:
    with pytest.raises(NasctlError) as error:
        read_formula(text)
    assert message in error.value.message
    if column is not None:
        assert error.value.message.splitlines()[-1] == f"  {' ' * column}^"


def test_a_very_long_formula_is_refused_with_its_length() -> None:
    with pytest.raises(NasctlError, match="it has 200,001 characters; at most 2,000 are allowed"):
        read_formula("1" + "+1" * 100_000)


@given(st.text("0123456789.e_-+*/^(),al ogxpmin", max_size=40))
def test_any_text_is_refused_or_has_a_value(text: str) -> None:
    try:
        value = read_formula(text)({"a": 1e300, "l": math.nan, "x": -math.inf})
    except NasctlError as error:
        assert error.message
    else:
        assert isinstance(value, float)
