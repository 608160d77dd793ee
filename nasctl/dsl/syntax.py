"""The nodes of the syntax tree that all dialects share.

Each node has its span in the file. Spans are ignored in comparisons, so that a file and its formatted form have equal
trees.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from nasctl.dsl.source import Span


@dataclass(frozen=True)
class Node:
    """Base class of all nodes."""

    span: Span = field(compare=False, repr=False, kw_only=True)

    @property
    def subject(self) -> str:
        """What a statement defines. A file's statement overrides those with the same subject in included files.

        By default it is the class and the `name` of the node; empty for statements that never override each other.
        """
        name = getattr(self, "name", None)
        name = name.name if isinstance(name, Word) else name
        return f"{type(self).__name__} {name}" if isinstance(name, str) else ""


@dataclass(frozen=True)
class Word(Node):
    """A name, a sign or another single lexeme."""

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
    """A sum or product: the first operand, and pairs of an operator and a further operand."""

    first: Expression
    rest: tuple[tuple[str, Expression], ...]


Expression = Word | Number | Text | Arithmetic


@dataclass(frozen=True)
class Range(Node):
    """`low..high`, spaced by a step, by a factor, or logarithmically with a number of values."""

    low: Expression
    high: Expression
    spacing: Literal["step", "factor", "log"] = "step"
    by: Expression | None = None


@dataclass(frozen=True)
class ChoiceSet(Node):
    """`{…}`: a set of choices."""

    elements: tuple[Expression | Range, ...]


Domain = Expression | Range | ChoiceSet
"""The nodes that may follow `in` or be named by `let`."""


@dataclass(frozen=True)
class Header(Node):
    """`space DIALECT`."""

    dialect: Word


@dataclass(frozen=True)
class Include(Node):
    """`include "FILE"`: the statements of another file, which those of this file override."""

    path: Text


@dataclass(frozen=True)
class Let(Node):
    """`let NAME = …`: defines a name for a number, a word, a set or a range."""

    name: Word
    value: Domain


@dataclass(frozen=True)
class Require(Node):
    """`require MEASURE RELATION BOUND`: a constraint on architectures."""

    measure: Word
    relation: Word
    bound: Expression


@dataclass(frozen=True)
class Setting(Node):
    """A setting in a section: `epochs 5`."""

    name: Word
    value: Expression


@dataclass(frozen=True)
class Settings(Node):
    """A section of settings: `search {…}`, `controller {…}` or `training {…}`."""

    section: Word
    settings: tuple[Setting, ...]

    @property
    def subject(self) -> str:
        """The name of the section."""
        return f"settings {self.section.name}"


@dataclass(frozen=True)
class InputForm(Node):
    """`{ size 64  fit pad }` after `input image`: how the files of images become the input of a network."""

    settings: tuple[Setting, ...]


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
    """A conjunction of tests."""

    tests: tuple[Test, ...]


Statement = Node
"""A node at the top level of a file. Dialects define further classes."""


@dataclass(frozen=True)
class SpaceFile(Node):
    """A file: its header, if it has one, and its statements."""

    header: Header | None
    statements: tuple[Statement, ...]
