"""The characters of space files: which ones end a line, and which are refused wherever they stand.

A line ends in a line feed, which may follow a carriage return. No other character ends a line, so none may look as if
it did: a comment goes on after it, and would hide what seems to stand on the next line.
"""

from __future__ import annotations

import re
import unicodedata

from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.source import Source, Span

_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
"""Control characters, line ends other than a line feed, marks that reorder text, and byte-order marks."""

MOST_REPORTED = 3
"""Greatest number of such characters that are reported: a binary file contains thousands."""

_NAMES = {
    "\x00": "a null character",
    "\x0b": "a vertical tab",
    "\x0c": "a form feed",
    "\r": "a carriage return without a line feed",
    "\x1b": "an escape character",
    "\x85": "a next-line character",
    "\ufeff": "a byte-order mark inside the file",
}


def line_feeds(text: str) -> str:
    """The text with each carriage return and line feed replaced by a line feed."""
    return text.replace("\r\n", "\n")


def check_characters(source: Source, problems: Problems) -> bool:
    """Reports the characters that no space file may contain, even in comments.

    Returns:
      Whether there are none.
    """
    start = 1 if source.text.startswith("\ufeff") else 0
    found = [
        match for _, match in zip(range(MOST_REPORTED), _REFUSED.finditer(source.text, start), strict=False)
    ]
    for match in found:
        character = match[0]
        if character == "\r":
            hint = "save the file with the line ends of Unix or Windows"
        else:
            hint = "remove it, or replace it by a blank or a line break"
        problems.error(Span(source, match.start(), match.end()), f"this is {described(character)}", hint=hint)
    return not found


def described(character: str) -> str:
    """A character that may be invisible, or look like another one: its name and its code point.

    >>> described("\\r"), described("\u0456")
    ('a carriage return without a line feed (U+000D)', 'CYRILLIC SMALL LETTER BYELORUSSIAN-UKRAINIAN I (U+0456)')
    """
    name = _NAMES.get(character) or unicodedata.name(character, "a control character")
    return f"{name} (U+{ord(character):04X})"
