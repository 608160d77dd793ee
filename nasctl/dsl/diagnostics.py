"""What is wrong with a space file, said like a good compiler: the place, the line, a caret, a way out."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nasctl.dsl.source import Span
from nasctl.errors import NasctlError

Severity = Literal["error", "warning"]

MOST_ERRORS = 20
"""Errors that are reported in one go; what comes after so many is seldom news."""


@dataclass(frozen=True)
class Note:
    """Something that belongs to a diagnostic and has a place of its own.

    Attributes:
      message: What is to be seen there.
      span: The place, if it has one.
    """

    message: str
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """One finding.

    Attributes:
      message: What is wrong, in the person's words.
      span: The exact stretch of the file.
      hint: What to change, or an empty string.
      notes: Other places that explain it, such as the alternatives that were tried.
      severity: `error`, or `warning` for what works but can hardly be meant.
    """

    message: str
    span: Span
    hint: str = ""
    notes: tuple[Note, ...] = ()
    severity: Severity = "error"

    def to_json(self) -> dict[str, object]:
        """The finding for other programs; lines and columns count from 1."""
        line, column = self.span.source.position(self.span.start)
        end_line, end_column = self.span.source.position(self.span.end)
        return {
            "severity": self.severity,
            "file": self.span.source.path,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "message": self.message,
            "hint": self.hint,
            "notes": [
                {"message": note.message, "place": note.span.place if note.span else None}
                for note in self.notes
            ],
        }

    def __str__(self) -> str:
        """The finding with its source line:

        ```
        spaces/mine.nas:4:3: error: conv has no property `fliters`
         4 |   fliters in {24, 36}
           |   ^^^^^^^
           = did you mean `filters`?
        ```
        """
        line, _ = self.span.source.position(self.span.start)
        margin = " " * (len(str(line)) + 1)
        parts = [f"{self.span.place}: {self.severity}: {self.message}", _excerpt(self.span)]
        if self.hint:
            parts.append(f"{margin} = {self.hint}")
        for note in self.notes:
            if note.span is None:
                parts.append(f"{margin} - {note.message}")
            else:
                parts.append(f"{note.span.place}: note: {note.message}\n{_excerpt(note.span)}")
        return "\n".join(parts)


def _excerpt(span: Span, widest: int = 160) -> str:
    """The source line of a span with carets under it; a long line is cut around the place."""
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    begin = column - 1
    length = max(1, min(span.end - span.start, len(text) - begin))
    if len(text) > widest:
        shift = max(0, min(begin - widest // 3, len(text) - widest))
        text, begin = text[shift : shift + widest], begin - shift
        length = max(1, min(length, len(text) - begin))
    # Tabs and the like take one column in the excerpt, so that the carets stand under what they mean.
    shown = "".join(character if character.isprintable() else " " for character in text)
    number = str(line)
    gutter = " " * len(number)
    return f" {number} | {shown}\n {gutter} | {' ' * begin}{'^' * length}"


@dataclass
class Problems:
    """Collects findings while a file is read; reading goes on after each."""

    found: list[Diagnostic] = field(default_factory=list)
    _unread: list[Span] = field(default_factory=list)

    def syntax_error(self, span: Span, message: str, *, hint: str = "") -> None:
        """Notes a mistake of the syntax: a stretch whose meaning is not known."""
        self._unread.append(span)
        self.error(span, message, hint=hint)

    def take(self, others: Problems) -> None:
        """Adds what another collector found."""
        self.found.extend(others.found)
        self._unread.extend(others._unread)

    def unread_in(self, span: Span) -> bool:
        """Whether a mistake of the syntax lies in a stretch, so that what is missing there may only be misspelt."""
        return any(
            span.source is unread.source and span.start <= unread.start <= span.end for unread in self._unread
        )

    def error(self, span: Span, message: str, *, hint: str = "", notes: Iterable[Note] = ()) -> None:
        """Notes something that makes the file unusable, unless the very place is a mistake of the syntax already."""
        if any(item.span == span for item in self.found if item.severity == "error") and self.unread_in(span):
            return
        self.found.append(Diagnostic(message, span, hint, tuple(notes)))

    def warn(self, span: Span, message: str, *, hint: str = "", notes: Iterable[Note] = ()) -> None:
        """Notes something that works but can hardly be meant."""
        self.found.append(Diagnostic(message, span, hint, tuple(notes), "warning"))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors, in the order of the file; of a line that could not be read, the first only."""
        unread = {(id(span.source), span.source.position(span.start)[0]) for span in self._unread}
        kept: list[Diagnostic] = []
        told: set[tuple[int, int]] = set()
        for item in self._sorted("error"):
            line = (id(item.span.source), item.span.source.position(item.span.start)[0])
            if line not in told:
                kept.append(item)
            if line in unread:
                told.add(line)
        return tuple(kept)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings, in the order of the file."""
        return self._sorted("warning")

    def _sorted(self, severity: Severity) -> tuple[Diagnostic, ...]:
        chosen = (item for item in dict.fromkeys(self.found) if item.severity == severity)
        return tuple(sorted(chosen, key=lambda item: (item.span.source.path, item.span.start)))

    def raise_errors(self) -> None:
        """Raises what was found, if any of it is an error.

        Raises:
          SpaceError: With every error that was noted.
        """
        if self.errors:
            raise SpaceError(self.errors)


class SpaceError(NasctlError):
    """A space file cannot be used.

    Attributes:
      diagnostics: Everything that is wrong with it, in the order of the file.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        shown = [str(item) for item in self.diagnostics[:MOST_ERRORS]]
        rest = len(self.diagnostics) - len(shown)
        if rest > 0:
            shown.append(f"… and {rest} more {'error' if rest == 1 else 'errors'}")
        super().__init__("\n\n".join(shown))


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """The known name that a word was probably meant to be, or an empty string."""
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)
    return close[0] if close else ""


def suggestion(word: str, known: Iterable[str], *, most: int = 12) -> str:
    """A hint for a name that is not known: the nearest one, else those that are."""
    names = list(dict.fromkeys(known))
    close = nearest(word, names)
    if close:
        return f"did you mean `{close}`?"
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:most])
    return f"it can be {listed}{', …' if len(names) > most else ''}"
