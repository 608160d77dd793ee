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
    ],
)
def test_precedence_and_what_has_no_value(text: str, value: float) -> None:
    assert read_formula(text)({}) == pytest.approx(value, nan_ok=True)


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
