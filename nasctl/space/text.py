"""The text form of token strings: `layer1{height=3, width=5, filters=36} layer2{height=1, …, skip={1}}`.

Commands print architectures in this form and read it. They also read integers and JSON.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.files import parse_json
from nasctl.space.decision import Choice, Tokens, Value

if TYPE_CHECKING:
    from nasctl.space.space import Space

_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_PART = re.compile(r'\s*(?:(?P<text>"[^"]*")|(?P<word>[^\s{}=,"]+)|(?P<sign>[{}=,])|(?P<other>.))')
_LONGEST = 1_000_000


def format_tokens(space: Space, tokens: Tokens) -> str:
    """A token string in the text form. `parse_tokens` is the inverse.

    Values are grouped by the first part of their names: `layers=6 layer1{height=3, width=5}`.

    Args:
      space: The space of the token string.
      tokens: A valid token string.
    """
    groups: list[tuple[str, list[str]]] = []
    for name, value in space.values(tokens).items():
        owner, _, rest = name.partition(".")
        if rest and groups and groups[-1][0] == owner and groups[-1][1]:
            groups[-1][1].append(f"{rest}={format_value(value)}")
        elif rest:
            groups.append((owner, [f"{rest}={format_value(value)}"]))
        else:
            groups.append((f"{owner}={format_value(value)}", []))
    return " ".join(f"{owner}{{{', '.join(inside)}}}" if inside else owner for owner, inside in groups)


def parse_tokens(space: Space, text: str) -> Tokens:
    """Reads a token string.

    Args:
      space: The space of the token string.
      text: The text form, integers, a JSON list of integers, or a JSON object of values.

    Raises:
      NasctlError: The text has none of these forms, or it is not a token string of the space. The message states the
        location and the reason.
    """
    stripped = text.strip()
    if len(stripped) > _LONGEST:
        raise NasctlError("these tokens are too long to be an architecture")
    if re.fullmatch(r"[-\d\s,]+", stripped):
        return _from_integers(space, stripped)
    if stripped.startswith(("[", "{")):
        return _from_json(space, stripped)
    try:
        return space.tokens(_values(space, _Reader(text).values()))
    except _Unreadable as error:
        if "=" in text:
            raise
        raise NasctlError(
            f"these are not tokens of space {space.name}:\n"
            f"  as whole numbers: {_first_non_integer(stripped)}\n"
            f"  as text: {error.message}",
            hint=f"write {_example(space)}",
        ) from None


class _Unreadable(NasctlError):
    """The error of a text that does not have the text form."""


def _first_non_integer(text: str) -> str:
    for number, word in enumerate(text.replace(",", " ").split(), start=1):
        if not re.fullmatch(r"-?\d+", word):
            return f"token {number}, `{word}`, is not a whole number"
    return "there are no tokens"


def format_value(value: Value) -> str:
    """A value as in the text form of token strings and in space files: texts that are no words are quoted."""
    if isinstance(value, tuple):
        return f"{{{', '.join(format_value(part) for part in value)}}}"
    if isinstance(value, str) and not _WORD.match(value):
        return f'"{value}"'
    return str(value)


def _from_integers(space: Space, text: str) -> Tokens:
    tokens: list[int] = []
    for number, word in enumerate(text.replace(",", " ").split(), start=1):
        try:
            tokens.append(int(word))
        except ValueError:
            raise NasctlError(f"token {number} is {word}, which is not a whole number") from None
    return space.validate(tokens)


def _from_json(space: Space, text: str) -> Tokens:
    try:
        document = parse_json(text, "the token text")
    except NasctlError as error:
        raise NasctlError(error.message, hint=f"the text form is {_example(space)}") from None
    if isinstance(document, list):
        if not all(isinstance(token, int) and not isinstance(token, bool) for token in document):
            raise NasctlError("a JSON list of tokens holds whole numbers only")
        return space.validate(document)
    values = {name: tuple(value) if isinstance(value, list) else value for name, value in document.items()}
    return space.tokens(values)


@dataclass(frozen=True)
class _Raw:
    """A value of the text form.

    Attributes:
      text: The value.
      at: Its first character, counted from 1.
      parts: The labels, if it is the set of an anchor.
      quoted: Whether it is in quotes.
    """

    text: str
    at: int
    parts: tuple[str, ...] | None = None
    quoted: bool = False


class _Reader:
    """Reads the text form."""

    def __init__(self, text: str) -> None:
        self._parts = [
            (match[match.lastgroup], match.lastgroup, match.start(match.lastgroup) + 1)
            for match in _PART.finditer(text)
            if match.lastgroup
        ]
        self._parts.append(("", "end", len(text) + 1))
        self._at = 0

    def values(self) -> Iterator[tuple[str, int, _Raw]]:
        """Yields each name, the position of its first character, and its value."""
        while self._parts[self._at][1] != "end":
            name, at = self._name()
            sign, _, position = self._next()
            if sign == "=":
                yield name, at, self._value()
            elif sign == "{":
                yield from self._group(name)
            else:
                raise _unexpected(sign, position, f"`=` or `{{` after `{name}`")

    def _group(self, owner: str) -> Iterator[tuple[str, int, _Raw]]:
        while True:
            name, at = self._name()
            sign, _, position = self._next()
            if sign != "=":
                raise _unexpected(sign, position, f"`=` after `{name}`")
            yield f"{owner}.{name}", at, self._value()
            sign, _, position = self._next()
            if sign == "}":
                return
            if sign != ",":
                raise _unexpected(sign, position, "`,` or `}`")

    def _name(self) -> tuple[str, int]:
        text, kind, at = self._next()
        if kind != "word":
            raise _unexpected(text, at, "a name")
        return text, at

    def _value(self) -> _Raw:
        text, kind, at = self._next()
        if kind in ("word", "text"):
            return _Raw(text.strip('"'), at, quoted=kind == "text")
        if text != "{":
            raise _unexpected(text, at, "a value")
        parts: list[str] = []
        while True:
            text, kind, position = self._next()
            if text == "}" and not parts:
                return _Raw("{}", at, ())
            if kind not in ("word", "text"):
                raise _unexpected(text, position, "a label")
            parts.append(text.strip('"'))
            text, _, position = self._next()
            if text == "}":
                return _Raw("{…}", at, tuple(parts))
            if text != ",":
                raise _unexpected(text, position, "`,` or `}`")

    def _next(self) -> tuple[str, str, int]:
        part = self._parts[self._at]
        self._at = min(self._at + 1, len(self._parts) - 1)
        return part


def _unexpected(found: str, at: int, wanted: str) -> _Unreadable:
    what = f"there is `{found}` instead of {wanted}" if found else f"{wanted} is missing"
    return _Unreadable(f"the tokens cannot be read at character {at}: {what}")


def _values(space: Space, written: Iterable[tuple[str, int, _Raw]]) -> Mapping[str, Value]:
    """The values of the text form, converted to choices of the space."""
    choices = {decision.name: decision.choices for decision in space.decisions}
    labels: dict[str, tuple[Choice, ...]] = {
        point.name: tuple(space.anchors[source].label for source in point.sources) for point in space.anchors
    }
    values: dict[str, Value] = {}
    for name, at, raw in written:
        if name in values:
            raise NasctlError(f"{name} is given twice, again at character {at}")
        if name in labels:
            parts = raw.parts if raw.parts is not None else (raw.text,)
            values[name] = tuple(_choice_of(_Raw(part, raw.at), labels[name], name) for part in parts)
        elif name in choices:
            if raw.parts is not None:
                raise NasctlError(f"{name} (character {raw.at}) is one value, not a set")
            values[name] = _choice_of(raw, choices[name], name)
        else:
            close = difflib.get_close_matches(name, [*choices, *labels], n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"the text form is {_example(space)}"
            raise NasctlError(f"space {space.name} has no decision `{name}` (character {at})", hint=hint)
    return values


def _choice_of(written: _Raw, choices: Iterable[Choice], name: str) -> Choice:
    """The choice that a value means: a quoted value is a text if there is such a choice, any other one a number."""
    text, known = written.text, list(choices)
    alike = [choice for choice in known if str(choice) == text]
    for choice in alike:
        if isinstance(choice, str) == (written.quoted or bool(_WORD.match(text))):
            return choice
    if alike:
        return alike[0]
    try:
        number = float(text)
    except ValueError:
        number = None
    for choice in known:
        if not isinstance(choice, str) and choice == number:
            return choice
    listed = ", ".join(map(format_value, known)) if known else "nothing"
    raise NasctlError(f"{name} cannot be {text} (character {written.at})", hint=f"it is one of {listed}")


def _example(space: Space) -> str:
    """The beginning of a token string of the space, for hints."""
    tokens: list[int] = []
    for decision in space.decisions:
        tokens.append(0 if decision.active(tokens) else -1)
    text = format_tokens(space, tuple(tokens))
    return text if len(text) <= 60 else f"{text[:57]}…"
