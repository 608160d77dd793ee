"""What the text of a file is made of, whatever the grammar: for where the parser has lost its way, and for layout."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from nasctl.dsl.source import Source

_LEXEME = re.compile(r"""(?P<comment>\#[^\n]*)|(?P<open>[{(])|(?P<close>[})])|"[^"\n]*"?|\w+|[^\s\w]""")


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


def lexemes(source: Source, start: int = 0) -> Iterator[Lexeme]:
    """The lexemes of a source from an offset on."""
    line, _ = source.position(start)
    begin = source.text.rfind("\n", 0, start) + 1
    leads = not source.text[begin:start].strip()
    at = start
    for match in _LEXEME.finditer(source.text, start):
        breaks = source.text.count("\n", at, match.start())
        if breaks:
            line += breaks
            begin = source.text.rfind("\n", 0, match.start()) + 1
            leads = True
        yield Lexeme(match[0], match.start(), line, match.start() - begin + 1, leads, match.lastgroup or "")
        leads = False
        at = match.end()
