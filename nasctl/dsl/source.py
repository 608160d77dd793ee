"""The text of a space file, and spans of it."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, eq=False)
class Source:
    """A space file.

    Attributes:
      path: The path that messages show.
      text: The contents; lines end in `\\n`.
    """

    path: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        starts.extend(index + 1 for index, character in enumerate(self.text) if character == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Returns the line and column of an offset, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @property
    def whole(self) -> Span:
        """The span of the whole file."""
        return Span(self, 0, len(self.text))

    def line(self, number: int) -> str:
        """Returns a line without its line break; lines are counted from 1."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@dataclass(frozen=True)
class Span:
    """A part of a source: the characters from offset `start` up to but excluding offset `end`."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def text(self) -> str:
        """The characters of the span."""
        return self.source.text[self.start : self.end]

    @property
    def location(self) -> str:
        """The location of the start, as `FILE:LINE:COLUMN`."""
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"

    def to(self, other: Span) -> Span:
        """Returns the span from the start of this one to the end of another one in the same source."""
        return Span(self.source, self.start, max(self.end, other.end))
