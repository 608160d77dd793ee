"""Reads and edits the state of Lark's parser, for error recovery and formatting.

Lark exposes this state but does not document it, so only this file accesses it. If a version of Lark lacks one of
`PARTS`, spaces can still be read, but only the first syntax error of a file is reported, and `nasctl fmt` fails with an
error.
"""

from __future__ import annotations

from collections.abc import Set
from typing import TYPE_CHECKING, Any

from lark import Token, Tree

if TYPE_CHECKING:
    from lark.parsers.lalr_interactive_parser import InteractiveParser

PARTS = (
    "parser_state.state_stack",
    "parser_state.value_stack",
    "parser_state.parse_conf.states",
    "parser_state.parse_conf.callbacks",
    "lexer_thread.state.line_ctr.char_pos",
    "lexer_thread.state.last_token",
)
"""Undocumented attributes of Lark's `InteractiveParser` that this file uses."""


def missing_parts(parser: InteractiveParser) -> list[str]:
    """Returns the `PARTS` that the installed version of Lark lacks."""
    return [path for path in PARTS if not _has(parser, path)]


class ParserState:
    """The state of an LALR parser between two lexemes: a stack of states and a stack of values.

    `expected` and `between_statements` work with every version of Lark. The other methods need all of `PARTS`.
    """

    def __init__(self, parser: InteractiveParser) -> None:
        self._parser = parser

    def expected(self, terminals: Set[str]) -> set[str]:
        """Returns the terminals for which the current state has an action.

        They include those of `acceptable`, and others whose action leads to an error later.
        """
        return set(terminals).intersection(self._parser.choices())  # type: ignore[no-untyped-call]

    def acceptable(self, terminals: Set[str]) -> set[str]:
        """Returns the terminals that may come next; `$END` is the end of the file.

        Lark's own `accepts` omits terminals that are imported from another grammar.
        """
        return {name for name in terminals if self._leads_on(name)}

    def between_statements(self) -> bool:
        """Whether a statement may begin here."""
        return _between_statements(self._parser.choices())  # type: ignore[no-untyped-call]

    def between_statements_before(self) -> bool:
        """Whether a statement could begin before the last lexeme."""
        state = self._parser.parser_state
        return _between_statements(state.parse_conf.states[state.state_stack[-2]])

    def end_of_values(self) -> int:
        """Returns the offset of the end of the text that has been parsed so far."""
        return _last_end(self._parser.parser_state.value_stack)

    def _leads_on(self, terminal: str) -> bool:
        state = self._parser.parser_state
        table = state.parse_conf.states
        states = list(state.state_stack)
        while terminal in table[states[-1]]:
            _, argument = table[states[-1]][terminal]
            if not _is_rule(argument):
                return True
            del states[len(states) - len(argument.expansion) :]
            goto = table[states[-1]].get(argument.origin.name)
            if goto is None:
                return True  # the start rule is complete
            states.append(goto[1])
        return False

    def finish_statement(self, *, eager: bool) -> None:
        """Reduces the last statement if it is complete.

        An LALR parser reduces a statement only when it sees a lexeme that may follow. If the next lexeme is a syntax
        error, the statement before it would be lost otherwise.

        Args:
          eager: Whether to also reduce a statement that could continue. This is right if the error begins a line.
        """
        state = self._parser.parser_state
        table = state.parse_conf.states
        states, values = list(state.state_stack), list(state.value_stack)
        while not _between_statements(table[states[-1]]):
            actions = [argument for name, (_, argument) in _terminals(table[states[-1]]).items()]
            rules = {argument for argument in actions if _is_rule(argument)}
            if len(rules) != 1 or (not eager and not all(map(_is_rule, actions))):
                return
            rule = rules.pop()
            size = len(rule.expansion)
            parts = values[len(values) - size :]
            del states[len(states) - size :], values[len(values) - size :]
            values.append(state.parse_conf.callbacks[rule](parts))
            states.append(table[states[-1]][rule.origin.name][1])
        state.state_stack[:] = states
        state.value_stack[:] = values

    def discard_statement(self) -> list[Any] | None:
        """Removes the unfinished statement from the stacks.

        Returns:
          The values of the statement, from the last to the first; None if the parser is not in a block.
        """
        state = self._parser.parser_state
        table = state.parse_conf.states
        discarded: list[Any] = []
        while state.state_stack and not _between_statements(table[state.state_stack[-1]]):
            if not state.value_stack:
                return None
            state.state_stack.pop()
            discarded.append(state.value_stack.pop())
        return discarded

    def move_to(self, offset: int) -> None:
        """Continues at an offset. The lines and columns of later lexemes become wrong, but their offsets stay right."""
        lexer = self._parser.lexer_thread.state
        assert lexer is not None  # one of `PARTS`
        lexer.line_ctr.char_pos = offset
        lexer.last_token = None


def start_of(value: Any) -> int:
    """Returns the offset at which a value of the parser's stack begins."""
    if isinstance(value, Tree):
        return 0 if value.meta.empty else int(value.meta.start_pos)
    return int(value.start_pos or 0)


def _between_statements(actions: Any) -> bool:
    """Whether a row of the parse table belongs to a state in which a statement may begin.

    The rules of statements are those whose names end in `_item`.
    """
    return any(symbol.endswith("_item") for symbol in actions)


def _terminals(actions: Any) -> dict[str, Any]:
    return {name: action for name, action in actions.items() if name.isupper()}


def _is_rule(argument: Any) -> bool:
    """Whether an action with this argument reduces by a rule rather than shifts to a state."""
    return hasattr(argument, "expansion")


def _last_end(values: list[Any]) -> int:
    for value in reversed(values):
        if isinstance(value, Token):
            return int(value.end_pos or 0)
        if isinstance(value, Tree) and not value.meta.empty:
            return int(value.meta.end_pos)
        if isinstance(value, list) and value:
            return _last_end(value)
    return 0


def _has(value: Any, path: str) -> bool:
    for name in path.split("."):
        if not hasattr(value, name):
            return False
        value = getattr(value, name)
    return True
