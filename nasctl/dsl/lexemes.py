"""What the text of a file is made of, whatever the grammar: for where the parser has lost its way, and for layout."""

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
    """A word, a sign, a text or a comment.

    Attributes:
      text: It.
      start: Its offset.
      line: Its line, from 1.
      column: Its column, from 1.
      leads: Whether nothing but space stands before it on its line.
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
        """Offset after it."""
        return self.start + len(self.text)


def lexemes(source: Source, start: int = 0, text: str = "") -> Iterator[Lexeme]:
    """The lexemes of a source from an offset on.

    Args:
      source: Says which lines there are.
      start: Offset of the first lexeme.
      text: What is read instead of the source's text, of equal offsets.
    """
    for match in _LEXEME.finditer(text or source.text, start):
        line, column = source.position(match.start())
        leads = not source.text[match.start() - column + 1 : match.start()].strip()
        yield Lexeme(match[0], match.start(), line, column, leads, match.lastgroup or "")
