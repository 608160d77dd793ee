"""Parses a file with its dialect's grammar and goes on after mistakes, so that each is reported in one go."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput
from lark.lexer import LexerState
from lark.parsers.lalr_interactive_parser import InteractiveParser

from nasctl.dsl.diagnostics import MOST_ERRORS, Note, Problems
from nasctl.dsl.source import Source, Span
from nasctl.dsl.wording import Found, describe_mistake
from nasctl.resources import grammar_folder

DEEPEST = 30
"""Brackets that may stand inside each other."""

LARGEST = 400_000
"""Characters that a file may have: about 15,000 lines, which are read in a second."""

LEXEME = re.compile(r"""(?P<comment>\#[^\n]*)|(?P<open>[{(])|(?P<close>[})])|"[^"\n]*"?|\w+|[^\s\w]""")
"""What the text is made of, whatever the grammar: used where the parser has lost its way, and by the formatter."""


@lru_cache(maxsize=16)
def load_grammar(path: Path) -> Lark:
    """The parser of a grammar file; `%import common` finds the rules that all dialects share."""
    return Lark(
        path.read_text(encoding="utf-8"),
        parser="lalr",
        source_path=str(path),
        import_paths=[str(grammar_folder())],
        propagate_positions=True,
        maybe_placeholders=True,
    )


def parse_tree(source: Source, grammar: Path, problems: Problems) -> Tree[Token] | None:
    """The parse tree of a file, or None when an error left none.

    After a mistake the statement that it is in is given up and reading goes on at the next one.

    Args:
      source: The file.
      grammar: The grammar of its dialect.
      problems: Where every mistake goes.
    """
    if not _readable(source, problems):
        return None
    recovery = _Recovery(source, load_grammar(grammar), problems)
    try:
        tree = recovery.grammar.parse(source.text, on_error=recovery)
    except UnexpectedInput:
        return None
    return tree


def _readable(source: Source, problems: Problems) -> bool:
    """Refuses what could only be read slowly or not at all."""
    if len(source.text) > LARGEST:
        problems.error(
            Span(source, 0, 1),
            f"this file has {len(source.text):,} characters; at most {LARGEST:,} are read",
            hint="use ranges, `repeat` and blocks, or leave parts to an `include`",
        )
        return False
    depth = 0
    for match in LEXEME.finditer(source.text):
        depth += (match.lastgroup == "open") - (match.lastgroup == "close")
        if depth > DEEPEST:
            problems.error(
                Span(source, match.start(), match.end()),
                f"more than {DEEPEST} brackets stand inside each other here",
            )
            return False
    return True


class _Recovery:
    """Reports a mistake and moves the parser to the next statement; Lark calls it for each mistake."""

    def __init__(self, source: Source, grammar: Lark, problems: Problems) -> None:
        self.source = source
        self.grammar = grammar
        self._problems = problems
        self._mistakes = 0
        self._farthest = -1

    def __call__(self, mistake: UnexpectedInput) -> bool:
        parser: InteractiveParser = mistake.interactive_parser
        found = self._found(mistake)
        self._report(found, parser)
        self._mistakes += 1
        if found.at_end or self._mistakes >= MOST_ERRORS:
            return False
        return self._resume(parser, found)

    def _found(self, mistake: UnexpectedInput) -> Found:
        """What the parser stumbled over: a whole word or sign, even where the lexer saw one character of it."""
        values = mistake.interactive_parser.parser_state.value_stack
        before = _last_end(values)
        if not isinstance(mistake, UnexpectedCharacters):
            token: Token = mistake.token  # type: ignore[attr-defined]
            if token.type == "$END":
                end = len(self.source.text.rstrip())
                return Found("", Span(self.source, end, end), before, at_end=True)
            start = token.start_pos or 0
            return Found(str(token), Span(self.source, start, start + len(token)), before)
        start = mistake.pos_in_stream or 0
        match = re.compile(r'"[^"\n]*|-?[\w.]+|.').match(self.source.text, start)
        end = match.end() if match else start + 1
        return Found(self.source.text[start:end], Span(self.source, start, end), before, unreadable=True)

    def _report(self, found: Found, parser: InteractiveParser) -> None:
        acceptable: set[str] = parser.accepts()  # type: ignore[no-untyped-call]
        patterns = {terminal.name: terminal.pattern for terminal in self.grammar.terminals}
        values = parser.parser_state.value_stack
        span, message, hint = describe_mistake(found, acceptable, patterns)
        notes: tuple[Note, ...] = ()
        opening = _unclosed(values)
        if opening is not None and "RBRACE" in acceptable | {"RPAR"} and (found.at_end or found.text in "})"):
            place = Span(self.source, opening.start_pos or 0, (opening.start_pos or 0) + 1)
            notes = (Note(f"this `{opening}` is still open", place),)
        self._problems.error(span, message, hint=hint, notes=notes)

    def _resume(self, parser: InteractiveParser, found: Found) -> bool:
        """Gives up the statement that the parser is in; False when nothing is left to read."""
        state = parser.parser_state
        table = state.parse_conf.states
        given_up: list[Any] = []
        while state.state_stack and not _between_items(table[state.state_stack[-1]]):
            if not state.value_stack:
                return False
            state.state_stack.pop()
            given_up.append(state.value_stack.pop())
        first = given_up[-1] if given_up else None
        start = _start(first) if first is not None else found.span.start
        unclosed = sum(
            {"{": 1, "(": 1, "}": -1, ")": -1}.get(str(value), 0)
            for value in given_up
            if isinstance(value, Token)
        )
        acceptable = table[state.state_stack[-1]]
        at = self._next_statement(found, start, max(0, unclosed), set(acceptable))
        at = max(at, self._farthest + 1)
        self._farthest = at
        if parser.lexer_thread.state is None:
            return False
        _move(parser.lexer_thread.state, at)
        return True

    def _next_statement(self, found: Found, start: int, unclosed: int, acceptable: set[str]) -> int:
        """Where the statement after the failed one begins, judged by line breaks, indentation and brackets."""
        _, column = self.source.position(start)
        line, _ = self.source.position(found.span.start)
        for match in LEXEME.finditer(self.source.text, found.span.start):
            if match.lastgroup == "comment":
                continue
            here_line, here_column = self.source.position(match.start())
            leads_line = not self.source.line(here_line)[: here_column - 1].strip()
            opens, closes = match.lastgroup == "open", match.lastgroup == "close"
            if leads_line and here_line > line and here_column <= column and not opens:
                # A closing bracket at the statement's own column ends the statement; further left, its block.
                if not closes or here_column < column:
                    return match.start()
                unclosed = max(0, unclosed - 1)
                continue
            if closes and match[0] == "}" and unclosed == 0 and match.start() > start:
                return match.start()
            if here_line == line and match.start() == found.span.start and not opens and not closes:
                continue
            unclosed += opens - (closes and unclosed > 0)
        return len(self.source.text)


def _between_items(actions: Any) -> bool:
    """Whether a parser state is one in which a block's next statement may begin."""
    return any(symbol.endswith("_item") for symbol in actions)


def _move(lexer: LexerState, offset: int) -> None:
    """Makes the lexer go on at an offset; only offsets are used afterwards, not its lines and columns."""
    lexer.line_ctr.char_pos = offset
    lexer.last_token = None


def _start(value: Any) -> int:
    if isinstance(value, Tree):
        return 0 if value.meta.empty else int(value.meta.start_pos)
    return int(value.start_pos or 0)


def _last_end(values: list[Any]) -> int:
    """Where what was read so far ends."""
    for value in reversed(values):
        if isinstance(value, Token):
            return int(value.end_pos or 0)
        if isinstance(value, Tree) and not value.meta.empty:
            return int(value.meta.end_pos)
        if isinstance(value, list) and value:
            return _last_end(value)
    return 0


def _unclosed(values: list[Any]) -> Token | None:
    """The innermost bracket that was opened and not closed."""
    return next(
        (
            value
            for value in reversed(values)
            if isinstance(value, Token) and value.type in ("LBRACE", "LPAR")
        ),
        None,
    )
