"""The syntax tree of `cell` files: the statements that the dialect adds to the common ones."""

from __future__ import annotations

from dataclasses import dataclass

from nasctl.dsl import Span, SyntaxBuilder
from nasctl.dsl.syntax import Domain, Expression, InputForm, Node, Word


@dataclass(frozen=True)
class Input(Node):
    """`input image { … }`."""

    kind: Word
    form: InputForm | None


@dataclass(frozen=True)
class Output(Node):
    """`output classifier`."""

    kind: Word


@dataclass(frozen=True)
class Size(Node):
    """`filters`, `stages` or `repeat` outside the cell, `nodes` inside of it."""

    name: Word
    value: Expression


@dataclass(frozen=True)
class Edges(Node):
    """`edges in DOMAIN`."""

    domain: Domain


@dataclass(frozen=True)
class Cell(Node):
    """`cell { … }`."""

    items: tuple[Size | Edges, ...]


class CellSyntax(SyntaxBuilder):
    """The rules of `cell.lark`."""

    def input(self, span: Span, kind: Word, form: InputForm | None) -> Input:
        """`input image { … }`."""
        return Input(kind, form, span=span)

    def output(self, span: Span, kind: Word) -> Output:
        """`output classifier`."""
        return Output(kind, span=span)

    def cell(self, span: Span, *items: Size | Edges) -> Cell:
        """`cell { … }`."""
        return Cell(items, span=span)

    def size(self, span: Span, name: Word, value: Expression) -> Size:
        """`filters 16`."""
        return Size(name, value, span=span)

    def size_name(self, span: Span, name: Word) -> Word:
        """The name of a size."""
        return name

    def edges(self, span: Span, domain: Domain) -> Edges:
        """`edges in {none, skip_connect}`."""
        return Edges(domain, span=span)
