"""Converts Lark's parse tree to the syntax tree, with one method for each rule of the grammar."""

from __future__ import annotations

from typing import Any, Literal

from lark import Token, Tree

from nasctl.dsl.source import Source, Span
from nasctl.dsl.syntax import (
    Arithmetic,
    ChoiceSet,
    Compares,
    Condition,
    Expression,
    Header,
    Include,
    InputForm,
    IsAmong,
    Let,
    Node,
    Number,
    Range,
    Require,
    Setting,
    Settings,
    SpaceFile,
    Text,
    Word,
)


class SyntaxBuilder:
    """Converts the rules of `common.lark`. A dialect derives from it and adds a method for each of its own rules.

    A method has the name of the rule, or of its alias after `->`. It is called with the span of the matched text and
    the node of each part: a `Word` for each terminal that the grammar keeps, and None for an optional `[part]` that
    is absent.
    """

    def __init__(self, source: Source) -> None:
        self._source = source

    def build(self, tree: Tree[Token]) -> Any:
        """Converts a parse tree, and returns its node."""
        parts = [self._part(child) for child in tree.children]
        meta = tree.meta
        start, end = (0, 0) if meta.empty else (meta.start_pos, meta.end_pos)
        # Lark prefixes an imported rule with the name of its grammar: `common__number`.
        rule = str(tree.data).rpartition("__")[2]
        return getattr(self, rule)(Span(self._source, start, end), *parts)

    def _part(self, child: Tree[Token] | Token | None) -> Any:
        if child is None:
            return None
        if isinstance(child, Tree):
            return self.build(child)
        start = child.start_pos or 0
        return Word(str(child), span=Span(self._source, start, start + len(child)))

    def start(self, span: Span, *parts: Node) -> SpaceFile:
        """`start: header statement*`, the first rule of every dialect."""
        header = parts[0] if parts and isinstance(parts[0], Header) else None
        return SpaceFile(header, tuple(parts[1:] if header else parts), span=span)

    def header(self, span: Span, dialect: Word) -> Header:
        """`space DIALECT`."""
        return Header(dialect, span=span)

    def include(self, span: Span, path: Word) -> Include:
        """`include "FILE"`."""
        return Include(Text(path.name[1:-1], span=path.span), span=span)

    def let(self, span: Span, name: Word, value: Any) -> Let:
        """`let NAME = VALUE`."""
        return Let(name, value, span=span)

    def require(self, span: Span, measure: Word, relation: Word, bound: Expression) -> Require:
        """`require MEASURE RELATION BOUND`."""
        return Require(measure, relation, bound, span=span)

    def settings(self, span: Span, section: Word, *settings: Setting) -> Settings:
        """`SECTION { … }`."""
        return Settings(section, settings, span=span)

    def section(self, span: Span, word: Word) -> Word:
        """The name of a section."""
        return word

    def setting_item(self, span: Span, name: Word, value: Expression) -> Setting:
        """`NAME VALUE`."""
        return Setting(name, value, span=span)

    def input_form(self, span: Span, *settings: Setting) -> InputForm:
        """`{ … }` after `input image`."""
        return InputForm(settings, span=span)

    def choice_set(self, span: Span, *elements: Any) -> ChoiceSet:
        """`{…}`: a choice set."""
        return ChoiceSet(tuple(element for element in elements if element is not None), span=span)

    def range(self, span: Span, low: Expression, high: Expression) -> Range:
        """`LOW..HIGH`."""
        return Range(low, high, span=span)

    def range_by_step(self, span: Span, low: Expression, high: Expression, by: Expression) -> Range:
        """`LOW..HIGH step STEP`."""
        return self._spaced(span, low, high, "step", by)

    def range_by_factor(self, span: Span, low: Expression, high: Expression, *by: Expression) -> Range:
        """`LOW..HIGH step *FACTOR`."""
        return self._spaced(span, low, high, "factor", by[-1])

    def range_by_log(self, span: Span, low: Expression, high: Expression, by: Expression) -> Range:
        """`LOW..HIGH log COUNT`."""
        return self._spaced(span, low, high, "log", by)

    def _spaced(
        self,
        span: Span,
        low: Expression,
        high: Expression,
        how: Literal["step", "factor", "log"],
        by: Expression,
    ) -> Range:
        return Range(low, high, how, by, span=span)

    def condition(self, span: Span, *tests: Any) -> Condition:
        """`TEST and TEST …`."""
        return Condition(tests, span=span)

    def path(self, span: Span, *names: Word) -> Word:
        """`NAME.NAME …`: the name of a decision within others."""
        return Word(".".join(name.name for name in names), span=span)

    def compares(self, span: Span, name: Word, relation: Word, value: Expression) -> Compares:
        """`NAME == VALUE`."""
        return Compares(name, relation, value, span=span)

    def is_among(self, span: Span, name: Word, domain: Any) -> IsAmong:
        """`NAME in DOMAIN`."""
        return IsAmong(name, domain, span=span)

    def arithmetic(self, span: Span, first: Expression, *rest: Any) -> Arithmetic:
        """`A + B - C …`, `A * B / C …`."""
        pairs = tuple((sign.name, operand) for sign, operand in zip(rest[::2], rest[1::2], strict=True))
        return Arithmetic(first, pairs, span=span)

    def number(self, span: Span, word: Word) -> Number:
        """A number."""
        return Number(word.name, span=span)

    def word(self, span: Span, word: Word) -> Word:
        """A name that is used as a value."""
        return word

    def text(self, span: Span, word: Word) -> Text:
        """A quoted text."""
        return Text(word.name[1:-1], span=span)
