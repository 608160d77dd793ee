"""Finds missing and superfluous brackets by indentation, where the grammar alone cannot locate them."""

from __future__ import annotations

from dataclasses import dataclass

from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.lexemes import Lexeme, lexemes
from nasctl.dsl.source import Source, Span

DEEPEST = 30
"""Greatest depth of nested brackets."""

_CLOSING = {"{": "}", "(": ")"}


@dataclass(frozen=True)
class _Opened:
    """An open bracket, and the indentation of its line as a column."""

    bracket: Lexeme
    indentation: int


def too_deep(source: Source) -> Span | None:
    """Returns the span of the first bracket that is nested deeper than `DEEPEST`, if there is one."""
    depth = 0
    for lexeme in lexemes(source):
        depth += (lexeme.kind == "open") - (lexeme.kind == "close")
        if depth > DEEPEST:
            return Span(source, lexeme.start, lexeme.end)
    return None


def repair_brackets(source: Source, problems: Problems) -> str:
    """Inserts missing brackets, removes superfluous ones, and reports each as an error.

    A bracket is located by indentation: the contents of a block are indented more than the line that opens it, so the
    block ends before the first line that is not. An inserted bracket replaces a line break or a blank, neither of which
    has a meaning, and a removed one is replaced by a blank. All offsets therefore stay the same.

    Args:
      source: The file.
      problems: Collects the errors.

    Returns:
      The repaired text. It is unchanged if the brackets are balanced, or if the file has an unclosed quoted text, which
      may contain the missing bracket.
    """
    read = list(lexemes(source))
    if any(lexeme.text.startswith('"') and not lexeme.text.endswith('"', 1) for lexeme in read):
        return source.text
    kinds = [lexeme.kind for lexeme in read]
    missing = kinds.count("open") - kinds.count("close")
    if missing > 0:
        return _close(source, missing, problems)
    return _open(source, -missing, problems) if missing < 0 else source.text


def _close(source: Source, missing: int, problems: Problems) -> str:
    text = _without_comments(source)
    stack: list[_Opened] = []
    indentation = last = 0

    def close(opened: Lexeme, at: int) -> None:
        line, _ = source.position(at)
        problems.syntax_error(
            Span(source, opened.start, opened.end),
            f"this `{opened.text}` is never closed",
            hint=f"a `{_CLOSING[opened.text]}` is missing, perhaps at the end of line {line}",
        )
        text[at] = _CLOSING[opened.text]

    for lexeme in lexemes(source):
        if lexeme.kind == "comment":
            continue
        if lexeme.leads:
            indentation = lexeme.column
            while missing and stack and last < lexeme.start and _ended(stack[-1], lexeme):
                close(stack.pop().bracket, last)
                last += 1
                missing -= 1
        if lexeme.kind == "open":
            stack.append(_Opened(lexeme, indentation))
        elif lexeme.kind == "close" and stack:
            stack.pop()
        last = lexeme.end
    for opened in reversed(stack[len(stack) - missing :] if missing else []):
        text[last:] = [*text[last:], "\n"]
        close(opened.bracket, last)
        last += 1
    return "".join(text)


def _open(source: Source, missing: int, problems: Problems) -> str:
    text = _without_comments(source)
    stack: list[Lexeme] = []
    indentation = 0
    before: Lexeme | None = None
    for lexeme in lexemes(source):
        if lexeme.kind == "comment":
            continue
        if lexeme.leads:
            deeper = before is not None and lexeme.column > indentation
            if missing and before is not None and deeper and before.kind != "open" and before.text != ",":
                span = Span(source, before.start, before.end)
                problems.syntax_error(span, f"a `{{` is missing after `{before.text}`")
                text[before.end] = "{"
                stack.append(before)
                missing -= 1
            indentation = lexeme.column
        if lexeme.kind == "open":
            stack.append(lexeme)
        elif lexeme.kind == "close":
            opened = stack.pop() if stack else None
            if missing and opened is not None and opened.line < lexeme.line and not lexeme.leads:
                # A bracket that is opened within a line is closed on it. This one would close that of an earlier line.
                problems.syntax_error(
                    Span(source, lexeme.start, lexeme.end),
                    f"this `{lexeme.text}` is one too many",
                    hint=f"it would close the `{opened.text}` of line {opened.line}",
                )
                text[lexeme.start] = " "
                stack.append(opened)
                missing -= 1
        before = lexeme
    return "".join(text)


def _without_comments(source: Source) -> list[str]:
    """Returns the characters of a source, with blanks for those of comments."""
    text = list(source.text)
    for lexeme in lexemes(source):
        if lexeme.kind == "comment":
            text[lexeme.start : lexeme.end] = " " * len(lexeme.text)
    return text


def _ended(opened: _Opened, following: Lexeme) -> bool:
    """Whether the indentation of a line shows that a bracket should have been closed before it."""
    if following.kind == "close":
        return opened.indentation > following.column
    return opened.indentation >= following.column
