"""Evaluates expressions, sets and ranges, with the names that `let` defines."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from nasctl.dsl.diagnostics import Note, Problems, suggestion
from nasctl.dsl.ranges import MOST_VALUES, range_values
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import Arithmetic, ChoiceSet, Domain, Expression, Let, Number, Range, Text, Word
from nasctl.space import Choice, format_value

_LARGEST = 10**30
_SMALLEST = 1e-300
_UNIT = re.compile(r"(?P<digits>.*?)(?P<unit>[kKMGT]?i?B?)$")
_POWERS = {"K": 1, "M": 2, "G": 3, "T": 4}


@dataclass
class Scope:
    """The names that are defined at a point of a file, and which of them are used.

    Attributes:
      values: The value of each name, or the values of a set.
      used: The names that were looked up.
      outer: The enclosing scope, in which names are looked up that are not defined here.
    """

    values: Mapping[str, Choice | tuple[Choice, ...]]
    used: set[str] = field(default_factory=set)
    outer: Scope | None = None

    def find(self, name: str) -> Choice | tuple[Choice, ...] | None:
        """Returns the value of a name, or None if it is not defined, and marks it as used."""
        if name in self.values:
            self.used.add(name)
            return self.values[name]
        return self.outer.find(name) if self.outer else None

    def names(self) -> list[str]:
        """Returns all names, those of inner scopes first."""
        return [*self.values, *(self.outer.names() if self.outer else ())]


def define(lets: Iterable[Let], problems: Problems) -> Scope:
    """Creates the scope of `let` statements.

    Args:
      lets: The statements, each of which may use the names before it.
      problems: Collects the errors.
    """
    values: dict[str, Choice | tuple[Choice, ...]] = {}
    scope = Scope(values)
    first: dict[str, Word] = {}
    for let in lets:
        if let.name.name in first:
            notes = [Note("the first one is here", first[let.name.name].span)]
            problems.error(let.name.span, f"`{let.name.name}` is defined twice", notes=notes)
        first.setdefault(let.name.name, let.name)
        if isinstance(let.value, (Range, ChoiceSet)):
            meaning: Choice | tuple[Choice, ...] | None = expand(let.value, scope, problems)
        else:
            meaning = evaluate(let.value, scope, problems, words=True, sets=True)
        values[let.name.name] = meaning if meaning is not None else ()
    return scope


def number_value(number: Number, problems: Problems) -> int | float | None:
    """Evaluates a number.

    Args:
      number: The number, possibly with a unit such as `M` or `KiB`.
      problems: Collects the errors.

    Returns:
      The value: an int if the number is written without fraction and exponent, or is whole with its unit; otherwise a
      float. None if an error was added.
    """
    value = _read_number(number.text)
    if isinstance(value, _Unusable):
        problems.error(number.span, value.message, hint=value.hint)
        return None
    return value


@dataclass(frozen=True)
class _Unusable:
    """Why a number cannot be used."""

    message: str
    hint: str


@functools.lru_cache(maxsize=1024)  # a repeated group has the same few numbers thousands of times
def _read_number(text: str) -> int | float | _Unusable:
    match = _UNIT.match(text)
    assert match is not None
    digits, unit = match["digits"], match["unit"]
    if len(digits) > 40:
        return _Unusable("this number is too long", "numbers have at most 40 characters")
    exact = Fraction(digits.replace("_", "")) if _small_exponent(digits) else None
    if exact is not None and unit:
        power = _POWERS[unit[0].upper()]
        exact *= (1024 if "i" in unit else 1000) ** power
    if exact is None or abs(exact) > _LARGEST:
        if exact is None and "e-" in digits.lower():
            return _Unusable("this number is too small", "numbers must be more than 1e-300")
        return _Unusable("this number is too large", "numbers must be less than 1e30")
    whole = "." not in digits and "e" not in digits.lower()
    if exact.denominator == 1 and (whole or unit):
        return int(exact)
    return float(exact)


def _small_exponent(digits: str) -> bool:
    exponent = digits.lower().partition("e")[2]
    return not exponent or abs(int(exponent)) <= 300


def evaluate(
    expression: Expression, scope: Scope, problems: Problems, *, words: bool = False, sets: bool = False
) -> Choice | tuple[Choice, ...] | None:
    """Evaluates an expression.

    Args:
      expression: The expression.
      scope: The defined names.
      problems: Collects the errors.
      words: Whether an undefined name is a value itself, as in `{relu, tanh}`.
      sets: Whether the value may be a set.

    Returns:
      The value or the values of the set; None if an error was added.
    """
    if isinstance(expression, Number):
        return number_value(expression, problems)
    if isinstance(expression, Text):
        return expression.value
    if isinstance(expression, Arithmetic):
        return _calculate(expression, scope, problems)
    meaning = scope.find(expression.name)
    if meaning is None:
        if words:
            return expression.name
        problems.error(
            expression.span,
            f"`{expression.name}` is neither a number nor defined by `let`",
            hint=suggestion(expression.name, scope.names()),
        )
        return None
    if isinstance(meaning, tuple) and not sets:
        if meaning:  # an empty set marks a `let` whose error was reported before
            problems.error(
                expression.span,
                f"`{expression.name}` is a set, but a single value is needed here",
                hint="a set follows `in`",
            )
        return None
    return meaning


def _calculate(expression: Arithmetic, scope: Scope, problems: Problems) -> int | float | None:
    total = _operand(expression.first, scope, problems)
    for sign, operand in expression.rest:
        value = _operand(operand, scope, problems)
        if total is None or value is None:
            total = None
            continue
        if sign == "/" and value == 0:
            problems.error(operand.span, "this divides by zero")
            total = None
            continue
        result = _apply(sign, total, value)
        if abs(result) > _LARGEST:
            problems.error(expression.span, "this number is too large", hint="numbers must be less than 1e30")
            total = None
        elif abs(result) < _SMALLEST and sign in "*/" and total and value:
            problems.error(
                expression.span, "this number is too small", hint="numbers must be more than 1e-300"
            )
            total = None
        else:
            total = result
    return total


def _operand(expression: Expression, scope: Scope, problems: Problems) -> int | float | None:
    value = evaluate(expression, scope, problems)
    if isinstance(value, str):
        problems.error(expression.span, f"`{value}` is not a number, so it cannot be calculated with")
        return None
    assert not isinstance(value, tuple)
    return value


def _apply(sign: str, left: int | float, right: int | float) -> int | float:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign == "*":
        return left * right
    exact = isinstance(left, int) and isinstance(right, int) and left % right == 0
    return left // right if exact else left / right


def expand(
    domain: Domain, scope: Scope, problems: Problems, *, words: bool = True
) -> tuple[Choice, ...] | None:
    """Evaluates a set, a range, or a name of one.

    Repeated values are an error, because two tokens would mean the same choice.

    Args:
      domain: The set, range or name.
      scope: The defined names.
      problems: Collects the errors.
      words: Whether an undefined name is a value itself, as in `{relu, tanh}`.

    Returns:
      The values in order; None if an error was added.
    """
    if isinstance(domain, Range):
        return _expand_range(domain, scope, problems)
    if not isinstance(domain, ChoiceSet):
        return _expand_name(domain, scope, problems)
    if not domain.elements:
        problems.error(domain.span, "this set is empty", hint="give at least one value: {1, 2}")
        return None
    values: dict[Choice, Span] = {}
    complete = True
    for element in domain.elements:
        if isinstance(element, Range):
            meaning: Choice | tuple[Choice, ...] | None = _expand_range(element, scope, problems)
        else:
            meaning = evaluate(element, scope, problems, words=words, sets=True)
        if meaning is None or meaning == ():
            complete = False
            continue
        for value in meaning if isinstance(meaning, tuple) else (meaning,):
            if value in values:
                problems.error(element.span, f"{format_value(value)} is in this set twice")
                complete = False
            values[value] = element.span
    if len(values) > MOST_VALUES:
        problems.error(
            domain.span, f"this set has {len(values):,} values; at most {MOST_VALUES:,} are allowed"
        )
        return None
    return tuple(values) if complete else None


def _expand_name(expression: Expression, scope: Scope, problems: Problems) -> tuple[Choice, ...] | None:
    if not isinstance(expression, Word):
        problems.error(
            expression.span,
            "this is one value, but `in` needs a set or a range",
            hint="leave out `in` to fix it",
        )
        return None
    meaning = scope.find(expression.name)
    if isinstance(meaning, tuple):
        return meaning or None
    if meaning is None:
        problems.error(
            expression.span,
            f"there is no set `{expression.name}`",
            hint=suggestion(expression.name, scope.names())
            or f"write {{{expression.name}}} for a set of one word",
        )
    else:
        problems.error(
            expression.span,
            f"`{expression.name}` is one value ({meaning}), but `in` needs a set or a range",
            hint="leave out `in` to fix it",
        )
    return None


def _expand_range(written: Range, scope: Scope, problems: Problems) -> tuple[Choice, ...] | None:
    low = _operand(written.low, scope, problems)
    high = _operand(written.high, scope, problems)
    by: int | float | None = {"step": 1, "factor": 2, "log": 1}[written.spacing]
    if written.by is not None:
        by = _operand(written.by, scope, problems)
    if low is None or high is None or by is None:
        return None
    return range_values(written, low, high, by, problems)
