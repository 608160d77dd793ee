"""Finds the bracket that was left open by the indentation of what follows, where the grammar alone cannot tell."""

from __future__ import annotations

from dataclasses import dataclass

from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.lexemes import Lexeme, lexemes
from nasctl.dsl.source import Source, Span

DEEPEST = 30
"""Brackets that may stand inside each other."""

_CLOSING = {"{": "}", "(": ")"}


@dataclass(frozen=True)
class _Open:
    """An open bracket, with the column at which its line begins."""

    bracket: Lexeme
    indentation: int


def too_deep(source: Source) -> Span | None:
    """The first bracket that is too deep inside others, if there is one."""
    depth = 0
    for lexeme in lexemes(source):
        depth += (lexeme.kind == "open") - (lexeme.kind == "close")
        if depth > DEEPEST:
            return Span(source, lexeme.start, lexeme.end)
    return None


def close_open_brackets(source: Source, problems: Problems) -> str:
    """The text with a bracket put in wherever one was left out; each is reported as an error.

    Which bracket it is shows by indentation: what it opened ends before the first line that is indented no more than
    its own. Line breaks mean nothing, so the missing bracket takes the place of one, and all offsets stay.

    Returns:
      The text, unchanged where as many brackets are closed as are opened.
    """
    kinds = [lexeme.kind for lexeme in lexemes(source)]
    missing = kinds.count("open") - kinds.count("close")
    if missing <= 0:
        return source.text
    text = list(source.text)
    stack: list[_Open] = []
    indentation = last = 0

    def close_last(at: int) -> None:
        opened = stack.pop().bracket
        line, _ = source.position(at)
        problems.syntax_error(
            Span(source, opened.start, opened.end),
            f"this `{opened.text}` is never closed",
            hint=f"a `{_CLOSING[opened.text]}` is missing, perhaps at the end of line {line}",
        )
        text[at] = _CLOSING[opened.text]

    for lexeme in lexemes(source):
        if lexeme.kind == "comment":
            text[lexeme.start : lexeme.end] = " " * len(lexeme.text)
            continue
        if lexeme.leads:
            indentation = lexeme.column
            room = lexeme.start - 1
            while missing and stack and room >= last and _ended(stack[-1], lexeme):
                place = last if text[last] in " \n" else room
                close_last(place)
                last = place + 1
                missing -= 1
        if lexeme.kind == "open":
            stack.append(_Open(lexeme, indentation))
        elif lexeme.kind == "close" and stack:
            stack.pop()
        last = lexeme.end
    while missing and stack:
        text.append("\n")
        close_last(max(0, min(last, len(text) - 1)) if last < len(text) else len(text) - 1)
        last += 1
        missing -= 1
    return "".join(text)


def _ended(opened: _Open, following: Lexeme) -> bool:
    """Whether a line shows by its indentation that a bracket should have been closed before it."""
    if following.kind == "close":
        return opened.indentation > following.column
    return opened.indentation >= following.column
