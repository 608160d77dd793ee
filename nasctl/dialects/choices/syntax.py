"""The syntax tree of `choices` files: one class for each rule of `choices.lark`, and the builder that makes them."""

from __future__ import annotations

from dataclasses import dataclass

from nasctl.dsl.builder import SyntaxBuilder
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import Condition, Domain, Expression, Node, Word


@dataclass(frozen=True)
class Decide(Node):
    """`NAME in DOMAIN`, or `NAME repeat N in DOMAIN` for N of them."""

    name: Word
    domain: Domain
    times: Expression | None = None


@dataclass(frozen=True)
class Fix(Node):
    """`NAME = VALUE`: a value that all architectures have."""

    name: Word
    value: Expression


@dataclass(frozen=True)
class Times(Node):
    """The number of copies of a group, fixed or decided."""

    count: Domain
    decided: bool


@dataclass(frozen=True)
class Group(Node):
    """`NAME repeat N {…}`."""

    name: Word
    times: Times | None
    body: tuple[Item, ...]


@dataclass(frozen=True)
class Alternative(Node):
    """One choice of a `one of`, with the decisions that it implies."""

    name: Word
    body: tuple[Item, ...]


@dataclass(frozen=True)
class OneOf(Node):
    """`NAME one of {…}`."""

    name: Word
    alternatives: tuple[Alternative, ...]


@dataclass(frozen=True)
class If(Node):
    """`if CONDITION {…}`."""

    condition: Condition
    body: tuple[Item, ...]


Item = Decide | Fix | Group | OneOf | If


class ChoicesSyntax(SyntaxBuilder):
    """Makes the syntax tree: one method for each rule of `choices.lark`."""

    def decide(self, span: Span, name: Word, domain: Domain) -> Decide:
        """`NAME in DOMAIN`."""
        return Decide(name, domain, span=span)

    def decide_each(self, span: Span, name: Word, times: Expression, domain: Domain) -> Decide:
        """`NAME repeat N in DOMAIN`."""
        return Decide(name, domain, times, span=span)

    def fix(self, span: Span, name: Word, value: Expression) -> Fix:
        """`NAME = VALUE`."""
        return Fix(name, value, span=span)

    def times_fixed(self, span: Span, count: Domain) -> Times:
        """`repeat 3`."""
        return Times(count, False, span=span)

    def times_decided(self, span: Span, count: Domain) -> Times:
        """`repeat in 1..3`."""
        return Times(count, True, span=span)

    def group(self, span: Span, name: Word, times: Times | None, *body: Item) -> Group:
        """`NAME repeat N {…}`."""
        return Group(name, times, body, span=span)

    def one_of(self, span: Span, name: Word, *alternatives: Alternative) -> OneOf:
        """`NAME one of {…}`."""
        return OneOf(name, alternatives, span=span)

    def alternative_item(self, span: Span, name: Word, *body: Item | None) -> Alternative:
        """One choice."""
        return Alternative(name, tuple(item for item in body if item is not None), span=span)

    def if_(self, span: Span, condition: Condition, *body: Item) -> If:
        """`if CONDITION {…}`."""
        return If(condition, body, span=span)
