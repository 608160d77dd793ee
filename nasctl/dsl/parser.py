"""Parses a file with its dialect's grammar and goes on after mistakes, so that each is reported in one go."""

from __future__ import annotations

import re
from collections.abc import Set
from functools import lru_cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Tree, UnexpectedCharacters, UnexpectedInput
from lark.lexer import LexerState
from lark.parsers.lalr_analysis import Shift
from lark.parsers.lalr_interactive_parser import InteractiveParser
from lark.parsers.lalr_parser_state import ParserState

from nasctl.dsl.brackets import DEEPEST, mend_brackets, too_deep
from nasctl.dsl.diagnostics import MOST_ERRORS, Problems
from nasctl.dsl.lexemes import lexemes
from nasctl.dsl.source import Source, Span
from nasctl.dsl.wording import Found, describe_mistake
from nasctl.resources import grammar_folder

LARGEST = 400_000
"""Characters that a file may have."""

MOST_LEXEMES = 50_000
"""Words and signs that a file may have: about 5,000 lines, which are read in a second."""


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
    mistakes = Problems()
    tree = _parse(source, source.text, grammar, mistakes)
    if mistakes.errors:
        # Where a bracket was left out, what follows is misread: put it in and look again.
        mended = Problems()
        text = mend_brackets(source, mended)
        if mended.errors:
            mistakes = mended
            tree = _parse(source, text, grammar, mistakes)
    problems.take(mistakes)
    return tree


def _parse(source: Source, text: str, grammar: Path, problems: Problems) -> Tree[Token] | None:
    """The parse tree of a text that has the offsets of a source."""
    parser = load_grammar(grammar)
    try:
        return parser.parse(text, on_error=_Recovery(source, text, parser, problems))
    except UnexpectedInput:
        return None


def _readable(source: Source, problems: Problems) -> bool:
    """Refuses what could only be read slowly or not at all."""
    if len(source.text) > LARGEST:
        problems.error(
            Span(source, 0, 1),
            f"this file has {len(source.text):,} characters; at most {LARGEST:,} are read",
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
        problems.error(deep, f"more than {DEEPEST} brackets stand inside each other here")
    return deep is None


class _Recovery:
    """Reports a mistake and moves the parser to the next statement; Lark calls it for each mistake."""

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
        found = self._found(mistake)
        _finish_statement(parser, self._terminals, eager=self._leads_line(found) or found.at_end)
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
                end = len(self._source.text.rstrip())
                return Found("", Span(self._source, end, end), before, at_end=True)
            start = token.start_pos or 0
            return Found(str(token), Span(self._source, start, start + len(token)), before)
        start = mistake.pos_in_stream or 0
        match = re.compile(r'"[^"\n]*|-?[\w.]+|.').match(self._text, start)
        end = match.end() if match else start + 1
        return Found(self._text[start:end], Span(self._source, start, end), before, unreadable=True)

    def _leads_line(self, found: Found) -> bool:
        line, column = self._source.position(found.span.start)
        return not self._source.line(line)[: column - 1].strip()

    def _report(self, found: Found, parser: InteractiveParser) -> None:
        state = parser.parser_state
        acceptable = {name for name in self._terminals if _takes(state, name)}
        patterns = {terminal.name: terminal.pattern for terminal in self._grammar.terminals}
        begins = between_items(state.parse_conf.states[state.state_stack[-1]])
        span, message, hint = describe_mistake(found, acceptable, patterns, begins_statement=begins)
        self._problems.syntax_error(span, message, hint=hint)

    def _resume(self, parser: InteractiveParser, found: Found) -> bool:
        """Gives up the statement that the parser is in; False when nothing is left to read."""
        state = parser.parser_state
        table = state.parse_conf.states
        given_up: list[Any] = []
        while state.state_stack and not between_items(table[state.state_stack[-1]]):
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
        at = self._next_statement(found, start, max(0, unclosed))
        at = max(at, self._farthest + 1)
        self._farthest = at
        if parser.lexer_thread.state is None:
            return False
        _move(parser.lexer_thread.state, at)
        return True

    def _next_statement(self, found: Found, start: int, unclosed: int) -> int:
        """Where the statement after the failed one begins, judged by line breaks, indentation and brackets."""
        _, column = self._source.position(start)
        line, _ = self._source.position(found.span.start)
        open_here = self._open_before(found.span.start)
        for lexeme in lexemes(self._source, found.span.start, self._text):
            if lexeme.kind == "comment":
                continue
            opens, closes = lexeme.kind == "open", lexeme.kind == "close"
            if lexeme.leads and lexeme.line > line and lexeme.column <= column and not opens:
                # A closing bracket at the statement's own column ends the statement; further left, its block.
                if not closes or lexeme.column < column:
                    return lexeme.start
                unclosed = max(0, unclosed - 1)
                continue
            if lexeme.text == "}" and unclosed == 0 and lexeme.start > found.span.start:
                if lexeme.line > line or open_here:
                    return lexeme.start
                continue  # what it closes was not opened on this line: one too many
            unclosed += opens - (closes and unclosed > 0)
        return len(self._text)

    def _open_before(self, offset: int) -> int:
        """How many brackets of an offset's line are open there."""
        begin = self._source.text.rfind("\n", 0, offset) + 1
        kinds = [lexeme.kind for lexeme in lexemes(Source("", self._text[begin:offset]))]
        return max(0, kinds.count("open") - kinds.count("close"))


def between_items(actions: Any) -> bool:
    """Whether a parser state is one in which a block's next statement may begin."""
    return any(symbol.endswith("_item") for symbol in actions)


def _takes(state: ParserState[int], terminal: str) -> bool:
    """Whether a terminal could stand next."""
    table = state.parse_conf.states
    states = list(state.state_stack)
    while terminal in table[states[-1]]:
        action, rule = table[states[-1]][terminal]
        if action is Shift:
            return True
        del states[len(states) - len(rule.expansion) :]
        goto = table[states[-1]].get(rule.origin.name)
        if goto is None:
            return True  # the start rule is complete
        states.append(goto[1])
    return False


def _finish_statement(parser: InteractiveParser, terminals: Set[str], *, eager: bool) -> None:
    """Brings the parser between statements where the last one is complete as it stands.

    A LALR parser holds a finished statement back until it has seen that the next word may follow. Here that word is
    a mistake, which should not take the statement before it along.

    Args:
      parser: At the mistake.
      terminals: The grammar's.
      eager: Whether to finish also what could go on, as where the mistake begins a line.
    """
    state = parser.parser_state
    table = state.parse_conf.states
    states, values = list(state.state_stack), list(state.value_stack)
    while not between_items(table[states[-1]]):
        actions = {
            name: action for name, action in table[states[-1]].items() if name.isupper() or name == "$END"
        }
        rules = {argument for action, argument in actions.values() if action is not Shift}
        if len(rules) != 1 or (not eager and any(action is Shift for action, _ in actions.values())):
            return
        rule = rules.pop()
        size = len(rule.expansion)
        parts = values[len(values) - size :]
        del states[len(states) - size :], values[len(values) - size :]
        values.append(state.parse_conf.callbacks[rule](parts))
        states.append(table[states[-1]][rule.origin.name][1])
    state.state_stack[:] = states
    state.value_stack[:] = values


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
