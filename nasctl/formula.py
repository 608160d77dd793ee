"""Formulas that combine measured values into one reward: `accuracy * (latency / 20) ^ -0.07`."""

from __future__ import annotations

import difflib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.files import read_text
from nasctl.resources import grammar_folder

if TYPE_CHECKING:
    from lark import Lark, Token, Tree

FUNCTIONS: Mapping[str, Callable[..., float]] = {
    "log": math.log,
    "exp": math.exp,
    "sqrt": math.sqrt,
    "min": min,
    "max": max,
}
_OPERATORS: Mapping[str, Callable[..., float]] = {
    "add": lambda left, right: left + right,
    "subtract": lambda left, right: left - right,
    "multiply": lambda left, right: left * right,
    "divide": lambda left, right: left / right,
    "raise_to": lambda base, exponent: float(base) ** exponent,
    "negate": lambda value: -value,
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

    def __call__(self, measures: Mapping[str, float]) -> float:
        """Evaluates the formula; NaN if the value is not defined, as for the logarithm of a negative number.

        >>> read_formula("accuracy * (latency / 20) ^ -0.5")({"accuracy": 0.9, "latency": 80.0})
        0.45

        Raises:
          NasctlError: It names a value that is not measured.
        """
        try:
            value = self._value(self.tree, measures)
        except (ArithmeticError, ValueError):
            return math.nan
        return value if isinstance(value, float) else math.nan  # a root of a negative number is complex

    def _value(self, tree: Tree[Token], measures: Mapping[str, float]) -> float:
        match tree.data:
            case "number":
                return float(str(tree.children[0]))
            case "measure":
                return self._measure(str(tree.children[0]), measures)
            case "call":
                return float(FUNCTIONS[str(tree.children[0])](*self._parts(tree, measures)))
        return _OPERATORS[tree.data](*self._parts(tree, measures))

    def _parts(self, tree: Tree[Token], measures: Mapping[str, float]) -> list[float]:
        return [self._value(part, measures) for part in tree.children if not isinstance(part, str)]

    def _measure(self, name: str, measures: Mapping[str, float]) -> float:
        for known in (name, f"validation_{name}"):
            if known in measures:
                return float(measures[known])
        short = sorted({measure.removeprefix("validation_") for measure in measures})
        close = difflib.get_close_matches(name, short, n=1)
        raise NasctlError(
            f"the reward `{self.text}` needs {name}, which is not measured",
            hint=f"did you mean `{close[0]}`?" if close else f"the measures are {', '.join(short)}",
        )


@lru_cache(maxsize=8)
def read_formula(text: str) -> Formula:
    """Parses a formula.

    Raises:
      NasctlError: The text is not a formula; the message points at the error.
    """
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
    for call in tree.find_data("call"):
        name = call.children[0]
        if str(name) not in FUNCTIONS:
            column = getattr(name, "column", 1) - 1
            raise _misread(text, column, f"there is no function `{name}`; there are {', '.join(FUNCTIONS)}")
    return Formula(text, tree)


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
