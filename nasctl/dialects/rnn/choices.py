"""The kinds of values that properties of an rnn file take, and how their choices are read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nasctl.dialects.rnn.syntax import Property, Size
from nasctl.dsl import Problems, Scope, Span, evaluate, expand, suggestion
from nasctl.dsl.syntax import ChoiceSet, Domain
from nasctl.space import Choice


@dataclass(frozen=True)
class Choices:
    """The choices of one property.

    Attributes:
      values: The choices, or the one value that is fixed.
      decided: Whether the search decides among them.
    """

    values: tuple[Choice, ...]
    decided: bool


@dataclass(frozen=True)
class ValueKind:
    """The kind of value that a property takes.

    Attributes:
      what: Its name in messages: `a combination`.
      fits: Whether a value is of this kind.
      hint: Returns the hint for a value that is not of this kind.
    """

    what: str
    fits: Callable[[Choice], bool]
    hint: Callable[[Choice], str]


def one_of(what: str, known: Sequence[str]) -> ValueKind:
    """One word of a list."""
    return ValueKind(what, lambda value: value in known, lambda value: suggestion(str(value), known))


def whole_number(what: str, lowest: int, highest: int) -> ValueKind:
    """A whole number from `lowest` to `highest`."""
    return ValueKind(
        what,
        lambda value: isinstance(value, int) and lowest <= value <= highest,
        lambda value: f"it is a whole number from {lowest:,} to {highest:,}",
    )


def fraction(what: str) -> ValueKind:
    """A number from 0 to less than 1."""
    return ValueKind(
        what,
        lambda value: isinstance(value, (int, float)) and 0 <= value < 1,
        lambda value: "it is a number from 0 to less than 1",
    )


def power_of_two(what: str, highest: int) -> ValueKind:
    """A power of two from 2 to `highest`."""

    def hint(value: Choice) -> str:
        if not isinstance(value, int) or not 2 < value < highest:
            return f"it is a power of two from 2 to {highest}"
        below = 1 << (value.bit_length() - 1)
        return f"powers of two nearby are {below} and {2 * below}"

    return ValueKind(
        what,
        lambda value: isinstance(value, int) and 2 <= value <= highest and value & (value - 1) == 0,
        hint,
    )


def read_choices(
    written: Property | Size, kind: ValueKind, scope: Scope, problems: Problems
) -> Choices | None:
    """Reads the choices of a property.

    Args:
      written: The property.
      kind: The kind of value that it takes.
      scope: The names of values.
      problems: Collects the errors.

    Returns:
      The choices, or None after an error.
    """
    decided = written.how == "decided" if isinstance(written, Size) else written.decided
    if decided:
        values = expand(written.value, scope, problems)
    else:
        value = evaluate(written.value, scope, problems, words=True)  # type: ignore[arg-type]
        values = None if value is None or isinstance(value, tuple) else (value,)
    if values is None:
        return None
    wrong = [value for value in values if not kind.fits(value)]
    for value in wrong:
        problems.error(_span_of(written.value, value), f"`{value}` is not {kind.what}", hint=kind.hint(value))
    return None if wrong else Choices(values, decided)


def _span_of(domain: Domain, value: Choice) -> Span:
    """The location of a value in a set, or of the whole domain if it does not contain the value literally."""
    if isinstance(domain, ChoiceSet):
        for element in domain.elements:
            if element.span.text == str(value):
                return element.span
    return domain.span
