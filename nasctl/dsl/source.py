"""The text of a file, and stretches of it that errors can point at."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property


@dataclass(frozen=True, eq=False)
class Source:
    """A space file as it was read.

    Attributes:
      path: How messages call it.
      text: What it says; lines end in `\\n`.
    """

    path: str
    text: str

    @cached_property
    def _starts(self) -> list[int]:
        starts = [0]
        starts.extend(index + 1 for index, character in enumerate(self.text) if character == "\n")
        return starts

    def position(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, both counted from 1."""
        line = bisect_right(self._starts, offset)
        return line, offset - self._starts[line - 1] + 1

    @property
    def whole(self) -> Span:
        """All of it."""
        return Span(self, 0, len(self.text))

    def line(self, number: int) -> str:
        """A line without its end; lines count from 1."""
        start = self._starts[number - 1]
        end = self.text.find("\n", start)
        return self.text[start:] if end < 0 else self.text[start:end]


@dataclass(frozen=True)
class Span:
    """A stretch of a source, from `start` to before `end`, in characters."""

    source: Source = field(repr=False)
    start: int
    end: int

    @property
    def text(self) -> str:
        """What stands there."""
        return self.source.text[self.start : self.end]

    @property
    def place(self) -> str:
        """`file:line:column` of its start."""
        line, column = self.source.position(self.start)
        return f"{self.source.path}:{line}:{column}"

    def to(self, other: Span) -> Span:
        """From the start of this one to the end of another in the same source."""
        return Span(self.source, self.start, max(self.end, other.end))
