"""Parses a file with the grammar of its dialect. It recovers from syntax errors, so that all are reported at once."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput

from nasctl.dsl.brackets import DEEPEST, repair_brackets, too_deep
from nasctl.dsl.diagnostics import MOST_ERRORS, Problems
from nasctl.dsl.lexemes import lexemes
from nasctl.dsl.parser_state import ParserState, missing_parts, start_of
from nasctl.dsl.source import Source, Span
from nasctl.dsl.syntax_errors import UnexpectedLexeme, describe_syntax_error
from nasctl.files import read_text
from nasctl.resources import grammar_folder

if TYPE_CHECKING:
    from lark.parsers.lalr_interactive_parser import InteractiveParser

LARGEST = 400_000
"""Greatest number of characters of a file."""

MOST_LEXEMES = 50_000
"""Greatest number of lexemes of a file: about 5,000 lines, which take a second to parse."""


@lru_cache(maxsize=16)
def load_grammar(path: Path) -> Lark:
    """Creates the parser of a grammar file, which may import the shared rules of `common.lark`."""
    return Lark(
        read_text(path),
        parser="lalr",
        source_path=str(path),
        import_paths=[str(grammar_folder())],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def parse_tree(source: Source, grammar: Path, problems: Problems) -> Tree[Token] | None:
    """Parses a file.

    After a syntax error the parser discards the current statement and continues at the next one.

    Args:
      source: The file.
      grammar: The grammar of its dialect.
      problems: Collects the syntax errors.

    Returns:
      The parse tree of all statements without errors, or None if the parser could not recover.
    """
    if not _readable(source, problems):
        return None
    mistakes = Problems()
    tree = _parse(source, source.text, grammar, mistakes)
    if mistakes.errors:
        # A missing bracket causes misleading errors after it. Repair it and parse again.
        bracket_errors = Problems()
        text = repair_brackets(source, bracket_errors)
        if bracket_errors.errors:
            mistakes = bracket_errors
            tree = _parse(source, text, grammar, mistakes)
    problems.extend(mistakes)
    return tree


def _parse(source: Source, text: str, grammar: Path, problems: Problems) -> Tree[Token] | None:
    """Parses a text that has the offsets of a source."""
    parser = load_grammar(grammar)
    try:
        return parser.parse(text, on_error=_Recovery(source, text, parser, problems))
    except UnexpectedInput:
        return None


def _readable(source: Source, problems: Problems) -> bool:
    """Whether a file is small enough to be parsed; otherwise adds an error."""
    if len(source.text) > LARGEST:
        problems.error(
            Span(source, 0, 1),
            f"this file has {len(source.text):,} characters; at most {LARGEST:,} are allowed",
            hint="use ranges, `repeat` and blocks, or leave parts to an `include`",
        )
        return False
    if sum(1 for _ in lexemes(source)) > MOST_LEXEMES:
        problems.error(
            Span(source, 0, 1),
            f"this file has more than {MOST_LEXEMES:,} words and signs",
            hint="use ranges, `repeat` and blocks, or leave parts to an `include`",
        )
        return False
    deep = too_deep(source)
    if deep is not None:
        problems.error(deep, f"more than {DEEPEST} nested brackets")
    return deep is None


class _Recovery:
    """Reports a syntax error and moves the parser to the next statement; Lark calls it for each syntax error."""

    def __init__(self, source: Source, text: str, grammar: Lark, problems: Problems) -> None:
        self._source = source
        self._text = text
        self._grammar = grammar
        self._problems = problems
        self._terminals = {"$END", *(terminal.name for terminal in grammar.terminals)}
        self._mistakes = 0
        self._farthest = -1

    def __call__(self, mistake: UnexpectedInput) -> bool:
        parser: InteractiveParser = mistake.interactive_parser
        state = ParserState(parser)
        if missing_parts(parser):
            self._report(self._unexpected_lexeme(mistake, None), state, state.expected(self._terminals))
            return False
        found = self._unexpected_lexeme(mistake, state)
        state.finish_statement(eager=self._leads_line(found) or found.at_end)
        self._report(found, state, state.acceptable(self._terminals))
        self._mistakes += 1
        if found.at_end or self._mistakes >= MOST_ERRORS:
            return False
        return self._resume(state, found)

    def _unexpected_lexeme(self, mistake: UnexpectedInput, state: ParserState | None) -> UnexpectedLexeme:
        """Returns the unexpected lexeme as a whole, even if Lark stopped at one of its characters."""
        at = mistake.pos_in_stream or 0
        before = state.end_of_values() if state else len(self._text[:at].rstrip())
        if not isinstance(mistake, UnexpectedCharacters):
            token: Token = mistake.token  # type: ignore[attr-defined]
            if token.type == "$END":
                end = len(self._source.text.rstrip())
                return UnexpectedLexeme("", Span(self._source, end, end), before, at_end=True)
            start = token.start_pos or 0
            return UnexpectedLexeme(str(token), Span(self._source, start, start + len(token)), before)
        start = mistake.pos_in_stream or 0
        match = re.compile(r'"[^"\n]*|-?[\w.]+|.').match(self._text, start)
        end = match.end() if match else start + 1
        return UnexpectedLexeme(
            self._text[start:end], Span(self._source, start, end), before, unreadable=True
        )

    def _leads_line(self, found: UnexpectedLexeme) -> bool:
        line, column = self._source.position(found.span.start)
        return not self._source.line(line)[: column - 1].strip()

    def _report(self, found: UnexpectedLexeme, state: ParserState, acceptable: set[str]) -> None:
        patterns = {terminal.name: terminal.pattern for terminal in self._grammar.terminals}
        begins = state.between_statements()
        span, message, hint = describe_syntax_error(found, acceptable, patterns, begins_statement=begins)
        self._problems.syntax_error(span, message, hint=hint)

    def _resume(self, state: ParserState, found: UnexpectedLexeme) -> bool:
        """Discards the current statement and moves to the next one; returns False if that is impossible."""
        discarded = state.discard_statement()
        if discarded is None:
            return False
        start = start_of(discarded[-1]) if discarded else found.span.start
        unclosed = sum(
            {"{": 1, "(": 1, "}": -1, ")": -1}.get(str(value), 0)
            for value in discarded
            if isinstance(value, Token)
        )
        at = self._next_statement(found, start, max(0, unclosed))
        at = max(at, self._farthest + 1)
        self._farthest = at
        state.move_to(at)
        return True

    def _next_statement(self, found: UnexpectedLexeme, start: int, unclosed: int) -> int:
        """Finds the offset of the next statement by line breaks, indentation and brackets."""
        _, column = self._source.position(start)
        line, _ = self._source.position(found.span.start)
        open_here = self._open_before(found.span.start)
        for lexeme in lexemes(self._source, found.span.start, self._text):
            if lexeme.kind == "comment":
                continue
            opens, closes = lexeme.kind == "open", lexeme.kind == "close"
            if lexeme.leads and lexeme.line > line and lexeme.column <= column and not opens:
                # A closing bracket at the column of the statement ends the statement; further left, it ends the block.
                if not closes or lexeme.column < column:
                    return lexeme.start
                unclosed = max(0, unclosed - 1)
                continue
            if lexeme.text == "}" and unclosed == 0 and lexeme.start > found.span.start:
                if lexeme.line > line or open_here:
                    return lexeme.start
                continue  # its opening bracket is not on this line, so it is superfluous
            unclosed += opens - (closes and unclosed > 0)
        return len(self._text)

    def _open_before(self, offset: int) -> int:
        """Counts the brackets that are open at an offset and were opened on its line."""
        begin = self._source.text.rfind("\n", 0, offset) + 1
        kinds = [lexeme.kind for lexeme in lexemes(Source("", self._text[begin:offset]))]
        return max(0, kinds.count("open") - kinds.count("close"))
