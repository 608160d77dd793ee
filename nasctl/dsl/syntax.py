"""The syntax tree that all dialects share: frozen dataclasses, each with the stretch of the file that it came from.

Nodes compare by what they say, not by where: a file and its formatted form have equal trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nasctl.dsl.source import Span


@dataclass(frozen=True)
class Node:
    """Anything that was written in a file."""

    span: Span = field(compare=False, repr=False, kw_only=True)

    @property
    def subject(self) -> str:
        """What a statement decides about; one in a file takes precedence over those of equal subject that it includes.

        By default its kind and its `name`; empty where statements of a kind do not exclude each other.
        """
        name = getattr(self, "name", None)
        name = name.name if isinstance(name, Word) else name
        return f"{type(self).__name__} {name}" if isinstance(name, str) else ""


@dataclass(frozen=True)
class Word(Node):
    """A name, a sign or another single lexeme, as it was written."""

    name: str


@dataclass(frozen=True)
class Number(Node):
    """A number: `3`, `0.5`, `5M`, `64KiB`."""

    text: str


@dataclass(frozen=True)
class Text(Node):
    """A quoted text."""

    value: str


@dataclass(frozen=True)
class Arithmetic(Node):
    """A sum or a product, from left to right: the first operand, then signs with further ones."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


Expression = Word | Number | Text | Arithmetic


@dataclass(frozen=True)
class Range(Node):
    """`low..high`, with how it is spaced: by a step, by a factor, or so many values evenly in the logarithm."""

    low: Expression
    high: Expression
    spacing: Literal["step", "factor", "log"] = "step"
    by: Expression | None = None


@dataclass(frozen=True)
class ChoiceSet(Node):
    """`{…}`: its elements, in order."""

    elements: tuple[Expression | Range, ...]


Domain = Expression | Range | ChoiceSet
"""What may stand after `in` or be named by `let`."""


@dataclass(frozen=True)
class Header(Node):
    """`space DIALECT`."""

    dialect: Word


@dataclass(frozen=True)
class Include(Node):
    """`include "FILE"`: what that file says, unless this one says otherwise."""

    path: Text


@dataclass(frozen=True)
class Let(Node):
    """`let NAME = …`: a name for a number, a word, a set or a range."""

    name: Word
    value: Domain


@dataclass(frozen=True)
class Require(Node):
    """`require MEASURE <= BOUND`."""

    measure: Word
    relation: Word
    bound: Expression


@dataclass(frozen=True)
class Setting(Node):
    """One line of a settings block: `epochs 5`."""

    name: Word
    value: Expression


@dataclass(frozen=True)
class Settings(Node):
    """`search {…}`, `controller {…}` or `training {…}`."""

    section: Word
    settings: tuple[Setting, ...]

    @property
    def subject(self) -> str:
        """The section."""
        return f"settings {self.section.name}"


@dataclass(frozen=True)
class Compares(Node):
    """A condition on an earlier decision: `optimizer == sgd`, `layers >= 2`."""

    name: Word
    relation: Word
    value: Expression


@dataclass(frozen=True)
class IsAmong(Node):
    """A condition on an earlier decision: `optimizer in {sgd, adam}`."""

    name: Word
    domain: Domain


Test = Compares | IsAmong


@dataclass(frozen=True)
class Condition(Node):
    """Tests that must all hold."""

    tests: tuple[Test, ...]


Statement = Node
"""What may stand at the top of a file; the kinds that a dialect adds are its own."""


@dataclass(frozen=True)
class SpaceFile(Node):
    """One file: its header, if it has one, and its statements."""

    header: Header | None
    statements: tuple[Statement, ...]
