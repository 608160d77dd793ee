"""Describes syntax errors: what was found, and what was expected."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lark.lexer import Pattern, PatternStr

from nasctl.dsl.characters import described
from nasctl.dsl.diagnostics import nearest
from nasctl.dsl.source import Span

_KINDS = {
    "NAME": "a name",
    "NUMBER": "a number",
    "STRING": 'a text in quotes ("…")',
    "RELATION": "a relation (`<=`, `<`, `>=`, `>`, `==`)",
    "SIGN": "`+` or `-`",
    "FACTOR": "`*` or `/`",
}
"""Descriptions of the terminals that have more than one spelling."""


@dataclass(frozen=True)
class UnexpectedLexeme:
    """An unexpected lexeme.

    Attributes:
      text: The lexeme; empty at the end of the file.
      span: Its span.
      before: The offset of the end of the parsed text before it.
      at_end: Whether it is the end of the file.
      unreadable: Whether it is not a lexeme of the language.
    """

    text: str
    span: Span
    before: int
    at_end: bool = False
    unreadable: bool = False


def describe_syntax_error(
    found: UnexpectedLexeme, acceptable: set[str], patterns: Mapping[str, Pattern], *, begins_statement: bool
) -> tuple[Span, str, str]:
    """Describes a syntax error.

    Args:
      found: The unexpected lexeme.
      acceptable: The names of the expected terminals.
      patterns: The patterns of the grammar's terminals, by name.
      begins_statement: Whether a statement could begin there.

    Returns:
      The span, the message and the hint of the error.
    """
    if found.unreadable:
        return found.span, *_unreadable(found)
    source = found.span.source
    wanted = _listed(acceptable, patterns)
    if found.at_end:
        end = Span(source, max(0, found.span.start - 1), max(1, found.span.end))
        return end, f"unexpected end of the file; expected {wanted}", ""
    spelled = {name: pattern.value for name, pattern in patterns.items() if isinstance(pattern, PatternStr)}
    words = {text for name, text in spelled.items() if name in acceptable and text.isalpha()}
    if close := nearest(found.text, words, likeness=0.7):
        return found.span, f"unexpected `{found.text}`", f"did you mean `{close}`?"
    previous = _word_before(found)
    if previous not in spelled.values() and (close := _misspelt(previous, found.text)):
        span = Span(source, found.before - len(previous), found.before)
        return span, f"unexpected `{previous}`", f"did you mean `{close}`?"
    if found.text in ("}", ")") and begins_statement:
        return (
            found.span,
            f"this `{found.text}` has no opening bracket",
            "remove it, or add the opening bracket",
        )
    if source.position(found.before)[0] < source.position(found.span.start)[0] and not begins_statement:
        # Something is missing at the end of an earlier line.
        end = Span(source, max(0, found.before - max(1, len(previous))), found.before)
        return end, f"unexpected end of the line; expected {wanted} after `{end.text}`", ""
    hint = ""
    if found.text == "{" and {"IN", "NUMBER"} & {name.rpartition("__")[2] for name in acceptable}:
        hint = "write `in` before a set, to let the search decide"
    if found.text == "=" and spelled.get("IN") and "IN" in acceptable:
        hint = "leave out the `=` to fix a value, or write `in` before a set"
        if spelled.keys().isdisjoint(acceptable) or "RELATION" in {
            name.rpartition("__")[2] for name in acceptable
        }:
            hint = "`==` compares"
    what = f"`{found.text}` does not begin a statement" if begins_statement else f"unexpected `{found.text}`"
    return found.span, f"{what}; expected {wanted}", hint


_KEYWORDS = ("in", "of", "step", "every", "log", "one", "repeat")


def _misspelt(word: str, following: str) -> str:
    """Returns the keyword that a word is probably meant to be, or an empty string."""
    if len(word) == 2 and following == "{":
        return "in"
    swapped = [
        keyword for keyword in _KEYWORDS if word and sorted(word) == sorted(keyword) and word != keyword
    ]
    return swapped[0] if swapped else nearest(word, _KEYWORDS) if len(word) > 2 else ""


def _listed(acceptable: set[str], patterns: Mapping[str, Pattern], most: int = 8) -> str:
    """Lists the acceptable terminals as a phrase."""
    names = {name.rpartition("__")[2]: name for name in acceptable if name in patterns}
    kinds = [
        _KINDS.get(short) or f"a {short.lower().replace('_', ' ')}"
        for short in names
        if _is_kind(names[short], patterns)
    ]
    if {"NAME", "NUMBER", "STRING"} <= set(names):
        kinds = [
            "a value",
            *(
                kind
                for kind in kinds
                if kind not in {_KINDS[short] for short in ("NAME", "NUMBER", "STRING")}
            ),
        ]
    signs = sorted(
        f"`{patterns[name].value}`"
        for short, name in names.items()
        if not _is_kind(name, patterns) and short != "LPAR"
    )
    things = [*sorted(kinds), *signs, *(["the end of the file"] if "$END" in acceptable else [])]
    # An operator may follow any value, but is seldom what the user means.
    plain = (
        [thing for thing in things if thing not in (_KINDS["SIGN"], _KINDS["FACTOR"])]
        or things
        or ["nothing"]
    )
    if len(plain) > most:
        plain = [*plain[:most], "…"]
    return plain[0] if len(plain) == 1 else f"{', '.join(plain[:-1])} or {plain[-1]}"


def _is_kind(terminal: str, patterns: Mapping[str, Pattern]) -> bool:
    """Whether a terminal has more than one spelling."""
    return not isinstance(patterns[terminal], PatternStr)


def _word_before(found: UnexpectedLexeme) -> str:
    """The word before the unexpected lexeme. To search for it by a pattern would take quadratic time."""
    text = found.span.source.text
    start = end = min(found.before, len(text))  # a bracket may be missing after the last character
    while start and (text[start - 1].isalnum() or text[start - 1] == "_"):
        start -= 1
    return text[start:end]


def _unreadable(found: UnexpectedLexeme) -> tuple[str, str]:
    """Returns the message and the hint for text that is not a lexeme of the language."""
    text = found.text
    if text.startswith('"'):
        return "this text is not closed", 'end it with " on the same line'
    strange = re.search(r"[^\x00-\x7f]", text)
    if strange and strange[0] not in "“”„":
        what = described(strange[0])
        return (
            f"`{text}` contains {what}" if text != strange[0] else f"`{text}` is {what}",
            "names have the letters a to z; other characters belong in comments, after `#`, or in quotes",
        )
    if re.match(r"-?\d", text):
        hint = 'numbers are written 3, 0.5, 1e-4, 5M or 64KiB; other texts need quotes: "3x3"'
        return f"`{text}` is neither a number nor a name", hint
    if text in ("'", "`", "“", "”", "„"):
        return f"`{text}` is not part of the language", 'texts need straight quotes: "…"'
    if text in ("[", "]"):
        return f"`{text}` is not part of the language", "write sets in braces: {1, 2}"
    return f"`{text}` is not part of the language", "only comments, after `#`, may contain any character"
