"""Errors and warnings in space files, in the form of compiler diagnostics: location, source line, carets, hint."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from nasctl.dsl.source import Span
from nasctl.errors import NasctlError
from nasctl.foreign_text import display_width, shortened, visible

Severity = Literal["error", "warning"]

MOST_ERRORS = 20
"""Greatest number of errors that are reported at once."""


@dataclass(frozen=True)
class Note:
    """An addition to a diagnostic.

    Attributes:
      message: The text.
      span: The part of the file that it refers to, if any.
    """

    message: str
    span: Span | None = None


@dataclass(frozen=True)
class Diagnostic:
    """One error or warning.

    Attributes:
      message: What is wrong.
      span: The part of the file that is wrong.
      hint: What to change, or an empty string.
      notes: Additions that explain the message, such as an earlier definition.
      severity: `error`, or `warning` for a file that is valid but hardly what the user means.
    """

    message: str
    span: Span
    hint: str = ""
    notes: tuple[Note, ...] = ()
    severity: Severity = "error"

    def to_json(self) -> dict[str, object]:
        """Returns the diagnostic as a JSON document, with lines and columns counted from 1."""
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
                {"message": note.message, "place": note.span.location if note.span else None}
                for note in self.notes
            ],
        }

    def __str__(self) -> str:
        """Formats the diagnostic with its source line:

        ```
        spaces/mine.nas:4:3: error: conv has no property `fliters`
         4 |   fliters in {24, 36}
           |   ^^^^^^^
           = did you mean `filters`?
        ```
        """
        line, _ = self.span.source.position(self.span.start)
        margin = " " * (len(str(line)) + 1)
        parts = [f"{_line(self.span.location)}: {self.severity}: {_line(self.message)}", _excerpt(self.span)]
        if self.hint:
            parts.append(f"{margin} = {_line(self.hint)}")
        for note in self.notes:
            if note.span is None:
                parts.append(f"{margin} - {_line(note.message)}")
            else:
                location = _line(note.span.location)
                parts.append(f"{location}: note: {_line(note.message)}\n{_excerpt(note.span)}")
        return "\n".join(parts)


def _excerpt(span: Span, widest: int = 160) -> str:
    """Formats the source line of a span with carets under it; a long line is cut around the span."""
    line, column = span.source.position(span.start)
    text = span.source.line(line)
    begin = column - 1
    length = max(1, min(span.end - span.start, len(text) - begin))
    if len(text) > widest:
        shift = max(0, min(begin - widest // 3, len(text) - widest))
        text, begin = text[shift : shift + widest], begin - shift
        length = max(1, min(length, len(text) - begin))
    before, marked, after = (
        visible(part.replace("\t", " "))
        for part in (text[:begin], text[begin : begin + length], text[begin + length :])
    )
    carets = "^" * max(display_width(marked), 1)
    gutter = " " * len(str(line))
    return f" {line} | {before}{marked}{after}\n {gutter} | {' ' * display_width(before)}{carets}"


def _line(text: str) -> str:
    """A text of a diagnostic, which can quote the file: without characters that a terminal interprets, and not long."""
    return shortened(visible(text))


@dataclass
class Problems:
    """Collects the errors and warnings of a file, so that reading continues after each of them."""

    found: list[Diagnostic] = field(default_factory=list)
    _unread: list[Span] = field(default_factory=list)

    def syntax_error(self, span: Span, message: str, *, hint: str = "") -> None:
        """Adds a syntax error. The meaning of its span is unknown.

        Args:
          span: The part of the file that is wrong.
          message: What is wrong.
          hint: What to change, or an empty string.
        """
        self._unread.append(span)
        self.error(span, message, hint=hint)

    def extend(self, others: Problems) -> None:
        """Adds all diagnostics of another collector."""
        self.found.extend(others.found)
        self._unread.extend(others._unread)

    def has_syntax_error(self, span: Span) -> bool:
        """Whether a span contains a syntax error: a name that is missing there may only be misspelt."""
        return any(
            span.source is unread.source and span.start <= unread.start <= span.end for unread in self._unread
        )

    def error(self, span: Span, message: str, *, hint: str = "", notes: Iterable[Note] = ()) -> None:
        """Adds an error, unless there already is a syntax error with the same span.

        Args:
          span: The part of the file that is wrong.
          message: What is wrong.
          hint: What to change, or an empty string.
          notes: Additions that explain the message.
        """
        if any(
            item.span == span for item in self.found if item.severity == "error"
        ) and self.has_syntax_error(span):
            return
        self.found.append(Diagnostic(message, span, hint, tuple(notes)))

    def warn(self, span: Span, message: str, *, hint: str = "", notes: Iterable[Note] = ()) -> None:
        """Adds a warning.

        Args:
          span: The part of the file that it refers to.
          message: What is suspicious.
          hint: What to change, or an empty string.
          notes: Additions that explain the message.
        """
        self.found.append(Diagnostic(message, span, hint, tuple(notes), "warning"))

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """The errors in the order of the file. Of a line with a syntax error, only the first error is included."""
        unread = {(id(span.source), span.source.position(span.start)[0]) for span in self._unread}
        kept: list[Diagnostic] = []
        reported: set[tuple[int, int]] = set()
        for item in self._sorted("error"):
            line = (id(item.span.source), item.span.source.position(item.span.start)[0])
            if line not in reported:
                kept.append(item)
            if line in unread:
                reported.add(line)
        return tuple(kept)

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """The warnings in the order of the file."""
        return self._sorted("warning")

    def _sorted(self, severity: Severity) -> tuple[Diagnostic, ...]:
        chosen = (item for item in dict.fromkeys(self.found) if item.severity == severity)
        return tuple(sorted(chosen, key=lambda item: (item.span.source.path, item.span.start)))

    def raise_errors(self) -> None:
        """Raises all errors, if there are any.

        Raises:
          SpaceError: There is at least one error.
        """
        if self.errors:
            raise SpaceError(self.errors)


class SpaceError(NasctlError):
    """A space file has errors.

    Attributes:
      diagnostics: All errors, in the order of the file.
    """

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        shown = [str(item) for item in self.diagnostics[:MOST_ERRORS]]
        rest = len(self.diagnostics) - len(shown)
        if rest > 0:
            shown.append(f"… and {rest} more {'error' if rest == 1 else 'errors'}")
        super().__init__("\n\n".join(shown))


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str:
    """Returns the known name that is most similar to a word, or an empty string if none is similar enough.

    Args:
      word: The word.
      known: The known names.
      likeness: The smallest similarity that is enough, from 0 to 1 (`difflib.get_close_matches`).
    """
    close = difflib.get_close_matches(word, list(known), n=1, cutoff=likeness)
    return close[0] if close else ""


def suggestion(word: str, known: Iterable[str], *, most: int = 12) -> str:
    """Returns a hint for an unknown name: the most similar known name, or else a list of the known names.

    Args:
      word: The unknown name.
      known: The known names.
      most: The greatest number of names in the list.
    """
    names = list(dict.fromkeys(known))
    close = nearest(word, names)
    if close:
        return f"did you mean `{close}`?"
    if not names:
        return ""
    listed = ", ".join(f"`{name}`" for name in names[:most])
    return f"it can be {listed}{', …' if len(names) > most else ''}"
