"""The syntax tree of `rnn` files: the statements that the dialect adds to the common ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nasctl.dsl import Span, SyntaxBuilder
from nasctl.dsl.syntax import Domain, Expression, Node, Word


@dataclass(frozen=True)
class End(Node):
    """`input text` or `output language_model`."""

    side: Literal["input", "output"]
    kind: Word

    @property
    def subject(self) -> str:
        """The side of the network."""
        return self.side


@dataclass(frozen=True)
class Property(Node):
    """`NAME VALUE`, or `NAME in DOMAIN` for the search to decide."""

    name: Word
    value: Domain
    decided: bool


@dataclass(frozen=True)
class Inject(Node):
    """`inject { … }`: how the state c is combined into a node."""

    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Indices(Node):
    """`indices { … }`: the node that c is read from and the node that it enters."""

    properties: tuple[Property, ...]


@dataclass(frozen=True)
class Cell(Node):
    """`cell tree { … }`."""

    items: tuple[Property | Inject | Indices, ...]


@dataclass(frozen=True)
class Size(Node):
    """`stack`, `hidden` or `dropout`. `hidden for N params` is fitted."""

    name: Word
    value: Domain
    how: Literal["fixed", "decided", "fitted"]


@dataclass(frozen=True)
class Share(Node):
    """`share embedding`."""

    name: Word


class RnnSyntax(SyntaxBuilder):
    """The rules of `rnn.lark`."""

    def input(self, span: Span, kind: Word) -> End:
        """`input text`, `input series`."""
        return End("input", kind, span=span)

    def output(self, span: Span, kind: Word) -> End:
        """`output language_model`, `output classifier`, `output regression`."""
        return End("output", kind, span=span)

    def cell(self, span: Span, *items: Property | Inject | Indices) -> Cell:
        """`cell tree { … }`."""
        return Cell(items, span=span)

    def fixed(self, span: Span, name: Word, value: Expression) -> Property:
        """`NAME VALUE`."""
        return Property(name, value, False, span=span)

    def decided(self, span: Span, name: Word, domain: Domain) -> Property:
        """`NAME in DOMAIN`."""
        return Property(name, domain, True, span=span)

    def inject(self, span: Span, *properties: Property) -> Inject:
        """`inject { … }`."""
        return Inject(properties, span=span)

    def indices(self, span: Span, *properties: Property) -> Indices:
        """`indices { NAME in DOMAIN … }`."""
        return Indices(properties, span=span)

    def indices_free(self, span: Span, *names: Word) -> Indices:
        """`indices { NAME, NAME }`: short for `NAME in nodes` for each name."""
        anywhere = (Property(name, Word("nodes", span=name.span), True, span=name.span) for name in names)
        return Indices(tuple(anywhere), span=span)

    def size_fixed(self, span: Span, name: Word, value: Expression) -> Size:
        """`stack 2`."""
        return Size(name, value, "fixed", span=span)

    def size_decided(self, span: Span, name: Word, domain: Domain) -> Size:
        """`hidden in {64, 128}`."""
        return Size(name, domain, "decided", span=span)

    def size_fitted(self, span: Span, params: Expression) -> Size:
        """`hidden for 5M params`."""
        return Size(Word("hidden", span=span), params, "fitted", span=span)

    def size_name(self, span: Span, name: Word) -> Word:
        """The name of a size."""
        return name

    def share(self, span: Span, name: Word) -> Share:
        """`share embedding`."""
        return Share(name, span=span)
