"""Says in the person's words what the parser stumbled over, and what could stand there instead."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from lark.lexer import Pattern, PatternStr

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
"""What terminals are that have no single spelling."""


@dataclass(frozen=True)
class Found:
    """What stands where something else was expected.

    Attributes:
      text: The word or sign; empty at the end of the file.
      span: Where it stands.
      before: Where what was understood before it ends.
      at_end: Whether the file ends there.
      unreadable: Whether it is no word or sign of the language at all.
    """

    text: str
    span: Span
    before: int
    at_end: bool = False
    unreadable: bool = False


def describe_mistake(
    found: Found, acceptable: set[str], patterns: Mapping[str, Pattern]
) -> tuple[Span, str, str]:
    """The place, the message and the hint for a mistake of the syntax.

    Args:
      found: What stands there.
      acceptable: Names of the terminals that could stand there.
      patterns: The grammar's terminals.
    """
    words = {
        pattern.value
        for name, pattern in patterns.items()
        if name in acceptable and isinstance(pattern, PatternStr) and pattern.value.isalpha()
    }
    wanted = _listed(acceptable, patterns)
    previous = _word_before(found)
    if found.unreadable and (special := _unreadable(found)):
        return found.span, special[0], special[1]
    if found.at_end:
        end = Span(found.span.source, max(0, found.span.start - 1), max(1, found.span.end))
        return end, f"the file ends here, but {wanted} should follow", ""
    if found.text and (close := nearest(found.text, words)):
        return found.span, f"`{found.text}` is not understood here", f"did you mean `{close}`?"
    every_word = {p.value for p in patterns.values() if isinstance(p, PatternStr) and p.value.isalpha()}
    if (
        previous
        and previous not in every_word
        and (close := nearest(previous, {"in", "of", "step", "every", "log"}))
    ):
        start = found.before - len(previous)
        span = Span(found.span.source, start, found.before)
        return span, f"`{previous}` is not understood here", f"did you mean `{close}`?"
    hint = ""
    if found.text in ("{",) and {"NUMBER", "IN"} <= acceptable:
        hint = "write `in` before a set, to let the search decide"
    if found.text == "=" and "NUMBER" in acceptable:
        hint = "leave out the `=`"
    source = found.span.source
    if source.position(found.before)[0] < source.position(found.span.start)[0]:
        # The mistake is at the end of an earlier line: what was left out there, not what stands here.
        end = Span(source, max(0, found.before - 1), found.before)
        after = source.text[end.start : end.end] if previous == "" else previous
        return (
            end,
            f"after `{after}` should follow {wanted}; instead the next line begins with `{found.text}`",
            hint,
        )
    return found.span, f"`{found.text}` cannot stand here; {wanted} should", hint


def _listed(acceptable: set[str], patterns: Mapping[str, Pattern], most: int = 8) -> str:
    """The things that could stand somewhere, as a phrase."""
    signs = sorted(
        f"`{patterns[name].value}`"
        for name in acceptable
        if name in patterns and isinstance(patterns[name], PatternStr)
    )
    kinds = sorted(
        _kind(name) for name in acceptable if name in patterns and not isinstance(patterns[name], PatternStr)
    )
    things = [*kinds, *signs, *(["the end of the file"] if "$END" in acceptable else [])]
    if len(things) > most:
        things = [*things[:most], "…"]
    return (
        things[0]
        if len(things) == 1
        else f"{', '.join(things[:-1])} or {things[-1]}"
        if things
        else "nothing"
    )


def _kind(terminal: str) -> str:
    short = terminal.rpartition("__")[2]
    return _KINDS.get(short) or f"a {short.lower().replace('_', ' ')}"


def _word_before(found: Found) -> str:
    match = re.search(r"\w+$", found.span.source.text[: found.before])
    return match[0] if match else ""


def _unreadable(found: Found) -> tuple[str, str] | None:
    text = found.text
    if text.startswith('"'):
        return "this text is not closed", 'end it with " on the same line'
    if re.match(r"-?\d", text):
        return f"`{text}` is neither a number nor a name", (
            "numbers are written 3, 0.5, 1e-4, 5M or 64KiB; names begin with a letter"
        )
    if text in ("'", "`", "“", "”", "„"):
        return f"`{text}` means nothing here", 'texts stand in straight quotes: "…"'
    return None
