"""Formulas that combine measured values into one reward: `accuracy * (latency / 20) ^ -0.07`."""

from __future__ import annotations

import difflib
import math
import operator
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.files import read_text
from nasctl.resources import grammar_folder

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

LONGEST = 2_000
"""Greatest number of characters of a formula."""


def _power(base: float, exponent: float) -> float:
    power = float(base) ** exponent
    return power if isinstance(power, float) else math.nan  # a root of a negative number is complex


def _smallest(*values: float) -> float:
    return math.nan if any(map(math.isnan, values)) else min(values)


def _largest(*values: float) -> float:
    return math.nan if any(map(math.isnan, values)) else max(values)


FUNCTIONS: Mapping[str, tuple[Callable[..., float], int, int]] = {
    "log": (math.log, 1, 2),
    "exp": (math.exp, 1, 1),
    "sqrt": (math.sqrt, 1, 1),
    "min": (_smallest, 1, LONGEST),
    "max": (_largest, 1, LONGEST),
}
"""The functions, each with the smallest and the largest number of arguments. The second one of `log` is its base."""

_OPERATORS: Mapping[str, Callable[..., float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": operator.truediv,
    "raise_to": _power,
    "negate": operator.neg,
}


@dataclass(frozen=True)
class Formula:
    """A formula.

    Attributes:
      text: Its text.
      tree: Its syntax tree.
    """

    text: str
    tree: Tree[Token]

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the measures that it uses.

        >>> sorted(read_formula("accuracy * (latency / 20) ^ -0.5").names)
        ['accuracy', 'latency']
        """
        return frozenset(str(tree.children[0]) for tree in self.tree.find_data("measure"))

    def __call__(self, measures: Mapping[str, float]) -> float:
        """Evaluates the formula; NaN if the value is not defined, as for the logarithm of a negative number.

        >>> read_formula("accuracy * (latency / 20) ^ -0.5")({"accuracy": 0.9, "latency": 80.0})
        0.45

        Raises:
          NasctlError: It names a value that is not measured.
        """
        values: dict[int, float] = {}
        try:
            for tree in self.tree.iter_subtrees():  # the parts of an operation come before it
                parts = [values[id(part)] for part in tree.children if not isinstance(part, str)]
                values[id(tree)] = self._value(tree, parts, measures)
        except (ArithmeticError, ValueError):
            return math.nan
        return values[id(self.tree)]

    def _value(self, tree: Tree[Token], parts: list[float], measures: Mapping[str, float]) -> float:
        match tree.data:
            case "number":
                return float(str(tree.children[0]))
            case "measure":
                return self._measure(str(tree.children[0]), measures)
            case "call":
                return FUNCTIONS[str(tree.children[0])][0](*parts)
        return _OPERATORS[tree.data](*parts)

    def _measure(self, name: str, measures: Mapping[str, float]) -> float:
        known = measure_named(name, measures)
        if known is not None:
            return float(measures[known])
        short = sorted({measure.removeprefix("validation_") for measure in measures})
        close = difflib.get_close_matches(name, short, n=1)
        raise NasctlError(
            f"the reward `{self.text}` needs {name}, which is not measured",
            hint=f"did you mean `{close[0]}`?" if close else f"the measures are {', '.join(short)}",
        )


def measure_named(name: str, measures: Collection[str]) -> str | None:
    """The measure that a name in a formula or a constraint stands for; None if it is not among the given ones.

    >>> measure_named("accuracy", {"validation_accuracy", "params"}), measure_named("latency", {"params"})
    ('validation_accuracy', None)
    """
    return next((known for known in (name, f"validation_{name}") if known in measures), None)


@lru_cache(maxsize=8)
def read_formula(text: str) -> Formula:
    """Parses a formula.

    Raises:
      NasctlError: The text is not a formula; the message points at the error.
    """
    if len(text) > LONGEST:
        raise NasctlError(
            f"the reward cannot be read: it has {len(text):,} characters; at most {LONGEST:,} are allowed"
        )
    from lark import UnexpectedCharacters, UnexpectedEOF, UnexpectedToken

    try:
        tree = _parser().parse(text)
    except UnexpectedEOF as error:
        raise _misread(text, len(text), "it ends too early") from error
    except UnexpectedToken as error:
        at = len(text) if error.token.type == "$END" else error.column - 1
        raise _misread(
            text, at, "it ends too early" if at == len(text) else f"`{error.token}` does not belong here"
        ) from error
    except UnexpectedCharacters as error:
        raise _misread(text, error.column - 1, f"`{text[error.column - 1]}` does not belong here") from error
    for part in tree.iter_subtrees():
        _check(part, text)
    return Formula(text, tree)


def _check(part: Tree[Token], text: str) -> None:
    """Checks a number or a call of a function."""
    first = part.children[0]
    column = (getattr(first, "column", 1) or 1) - 1
    if part.data == "number" and not _is_finite(str(first)):
        raise _misread(text, column, "this is not a number, or it is too large")
    if part.data != "call":
        return
    if str(first) not in FUNCTIONS:
        raise _misread(text, column, f"there is no function `{first}`; there are {', '.join(FUNCTIONS)}")
    _, least, most = FUNCTIONS[str(first)]
    given = len(part.children) - 1
    if not least <= given <= most:
        takes = f"{least} or {most} values" if least < most else "one value"
        raise _misread(text, column, f"`{first}` takes {takes}, not {given}")


def _is_finite(number: str) -> bool:
    try:
        return math.isfinite(float(number))
    except ValueError:
        return False


@lru_cache(maxsize=1)
def _parser() -> Lark:
    from lark import Lark

    grammar = read_text(grammar_folder() / "formula.lark")
    return Lark(grammar, parser="lalr")


def _misread(text: str, column: int, what: str) -> NasctlError:
    return NasctlError(
        f"the reward cannot be read: {what}\n  {text}\n  {' ' * column}^",
        hint="for example accuracy * (latency / 20) ^ -0.07",
    )
