"""Splits a file into lexemes without a grammar, for error recovery and formatting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nasctl.dsl.source import Source

_LEXEME = re.compile(
    r"""(?P<comment>\#[^\n]*)
    | (?P<open>[{(])
    | (?P<close>[})])
    | "[^"\n]*"?
    | -?\d[\d_]*(?:\.\d+)?(?:[eE][+-]?\d+)?\w*
    | \w+
    | \.\. | [<>=!]=
    | [^\s\w]
    """,
    re.VERBOSE,
)


@dataclass(frozen=True)
class Lexeme:
    """A word, a number, a sign, a quoted text or a comment.

    Attributes:
      text: Its text.
      start: Its offset.
      line: Its line, counted from 1.
      column: Its column, counted from 1.
      leads: Whether it is the first lexeme of its line.
      kind: `open` or `close` for brackets, `comment`, or an empty string.
    """

    text: str
    start: int
    line: int
    column: int
    leads: bool
    kind: str

    @property
    def end(self) -> int:
        """The offset after it."""
        return self.start + len(self.text)


def lexemes(source: Source, start: int = 0, text: str = "") -> Iterator[Lexeme]:
    """Yields the lexemes of a file.

    Args:
      source: The file.
      start: The offset at which to start.
      text: A text with the same offsets that is split instead of that of the file.
    """
    for match in _LEXEME.finditer(text or source.text, start):
        line, column = source.position(match.start())
        leads = not source.text[match.start() - column + 1 : match.start()].strip()
        yield Lexeme(match[0], match.start(), line, column, leads, match.lastgroup or "")
