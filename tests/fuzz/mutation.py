"""Changes texts, bytes and JSON values at random. Equal random states make equal changes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

NUMBERS = (
    *(
        "0",
        "1",
        "-1",
        "-0.0",
        "0.1",
        "5M",
        "5K",
        "2.5",
        "1_000",
        "0x10",
        "1.",
        ".5",
        "1e",
        "nan",
        "inf",
        "-inf",
    ),
    *(
        "1e30",
        "1e154",
        "1.5e154",
        "1e-154",
        "1e308",
        "1.8e308",
        "1e309",
        "1e-300",
        "5e-324",
        "1e-400",
        "1e400",
    ),
    *("127", "128", "255", "256", "65535", "65536", "1000000", "1000001", "2147483647", "2147483648"),
    *("4294967296", "9007199254740993", "9223372036854775807", "9223372036854775808", "18446744073709551616"),
    *("9" * 400, "9" * 5000, "-" + "9" * 320, "0" * 50 + "1", "1e999999999", "٣", "²", "９"),
)
"""Numbers at limits of the formats that hold numbers, and texts that only look like numbers."""

PIECES = (
    *(
        "[",
        "]",
        "[/]",
        "[bold]",
        "[red]x[/red]",
        "{",
        "}",
        "{}",
        "(",
        ")",
        "<",
        ">",
        "&",
        "&amp;",
        "'",
        '"',
        '\\"',
    ),
    *(
        "<script>alert(1)</script>",
        "]]>",
        "<!--",
        "-->",
        "\\",
        "\\n",
        "%s",
        "%(x)s",
        "{0}",
        "$x",
        "`x`",
        ";",
        "|",
    ),
    *(
        "\x00",
        "\x01",
        "\x07",
        "\x08",
        "\x0b",
        "\x0c",
        "\x1b",
        "\x1b[31m",
        "\x1b]0;t\x07",
        "\x7f",
        "\x85",
        "\x9b31m",
    ),
    *(
        "\n",
        "\r",
        "\r\n",
        "\t",
        " ",
        "\xa0",
        "\u2028",
        "\u2029",
        "\u202e",
        "\u200b",
        "\u200d",
        "\ufeff",
        "\ufffe",
    ),
    *(
        "\uffff",
        "é",
        "e\u0301",
        "ß",
        "İ",
        "漢字",
        "🙂",
        "👩‍👩‍👧",
        "\U0010ffff",
        "א",
        "…",
        "\u0300" * 20,
        "a" * 300,
    ),
    *(
        ",",
        ",,",
        ":",
        "=",
        "==",
        "..",
        "...",
        "/",
        "../",
        "~",
        "-",
        "--",
        "#",
        "@",
        "*",
        "**",
        "?",
        "!",
        "+",
        "^",
        "_",
    ),
)
"""Texts that mean something to a terminal, a shell, a file system, JSON, XML, DOT, Rich or Unicode."""

SURROGATES = ("\ud800", "\udcff", "a\udfffb")
"""Half characters, as Python reads them from file names and JSON escapes. They cannot be encoded."""

_TOKEN = re.compile(r'[^\S\n]+|\n|"[^"\n]*"|#[^\n]*|\d[\d.eEMK_]*|\w+|\.\.|[<>=!]=|.', re.DOTALL)
_NUMBER = re.compile(r"\d")


def tokens_of(text: str) -> list[str]:
    """Words, numbers, signs and white space; joined they are the text."""
    return _TOKEN.findall(text)


def foreign_text(random: Random, longest: int = 4, *, surrogates: bool = True) -> str:
    """A short text of odd pieces, letters and numbers."""
    sources: list[Sequence[str]] = [PIECES, PIECES, "abcxyz 019", NUMBERS]
    if surrogates and random.random() < 0.1:
        sources.append(SURROGATES)
    return "".join(random.choice(random.choice(sources)) for _ in range(random.randint(0, longest)))


def mutate_text(random: Random, text: str, others: Sequence[str], changes: int | None = None) -> str:
    """A text with some changes to its tokens.

    Args:
      random: The random state.
      text: The text.
      others: Texts of the same language; parts of them are inserted.
      changes: The number of changes; by default mostly one or two, seldom up to eight.
    """
    tokens = tokens_of(text)
    for _ in range(_few(random) if changes is None else changes):
        random.choice(_TEXT_CHANGES)(random, tokens, others)
        if len(tokens) > 20_000:
            del tokens[20_000:]
    return "".join(tokens)


def mutate_bytes(random: Random, content: bytes, others: Sequence[bytes] = ()) -> bytes:
    """Bytes with some bits flipped, bytes replaced, parts removed, repeated, overwritten or taken from others."""
    changed = bytearray(content)
    for _ in range(_few(random)):
        at, end = _range(random, len(changed))
        match random.randrange(9):
            case 0 | 1 if changed:
                changed[at % len(changed)] ^= 1 << random.randrange(8)
            case 2 if changed:
                changed[at % len(changed)] = random.choice(
                    (0, 1, 10, 13, 32, 34, 92, 127, 128, 192, 254, 255)
                )
            case 3:
                del changed[at:end]
            case 4:
                changed[at:at] = changed[at:end] * random.choice((1, 1, 2, 50))
            case 5:
                changed[at:at] = random.randbytes(random.randint(1, 8))
            case 6:
                del changed[at:]
            case 7:
                value = random.choice((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**63 - 1, 2**64 - 1))
                size = random.choice((1, 2, 4, 8))
                whole = (value % 2 ** (8 * size)).to_bytes(size, random.choice(("little", "big")))
                changed[at : at + size] = whole
            case _ if others:
                other = random.choice(others)
                start, stop = _range(random, len(other))
                changed[at:end] = other[start:stop]
    return bytes(changed[:200_000])


def odd_value(random: Random, depth: int = 3) -> Any:
    """A JSON value that a reader may not expect. Among them are NaN and infinities, which Python's json accepts."""
    match random.randrange(12 if depth else 9):
        case 0:
            return random.choice((None, True, False))
        case 1:
            return random.choice(
                (0, 1, -1, 2, 255, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64, -(2**63) - 1, 10**40)
            )
        case 2:
            return random.choice((0.5, -0.0, 1.0, 1e154, 1e300, 1.7e308, 5e-324, -1e300))
        case 3:
            return random.choice((float("nan"), float("inf"), float("-inf")))
        case 4 | 5:
            return foreign_text(random)
        case 6:
            return random.choice(("", "0", "true", "null", "inf", "1e999", "[]", "{}", "a" * 5000))
        case 7:
            return random.choice(([], {}, [[]], [{}], {"": {}}))
        case 8:
            return random.randint(-3, 20)
        case 9:
            return [odd_value(random, depth - 1) for _ in range(random.randint(0, 4))]
        case 10:
            return {foreign_text(random): odd_value(random, depth - 1) for _ in range(random.randint(0, 4))}
        case _:
            nested: Any = odd_value(random, 0)
            for _ in range(random.choice((3, 30, 300))):
                nested = random.choice(([nested], {"a": nested}))
            return nested


def mutate_json(random: Random, document: Any) -> Any:
    """A copy of JSON values with some of them replaced, removed, renamed, exchanged or repeated."""
    changed = _copy(document)
    for _ in range(_few(random)):
        places = list(_places(changed))
        if not places:
            return odd_value(random)
        container, key = random.choice(places)
        other_container, other_key = random.choice(places)
        match random.randrange(7):
            case 0 | 1:
                container[key] = odd_value(random)
            case 2:
                container[key] = _near(random, container[key])
            case 3:
                del container[key]
            case 4:
                container[key] = _copy(other_container[other_key])
            case 5 if isinstance(container, dict):
                container[random.choice((foreign_text(random), str(other_key), str(key).upper()))] = (
                    container.pop(key)
                )
            case 5 | 6 if isinstance(container, list):
                container.insert(random.randint(0, len(container)), _copy(container[key]))
            case _ if isinstance(container, dict):
                container[foreign_text(random)] = odd_value(random)
    return changed


def _few(random: Random) -> int:
    return min(1 + int(random.expovariate(0.9)), 8)


def _range(random: Random, length: int) -> tuple[int, int]:
    at = random.randint(0, length)
    return at, min(length, at + int(random.expovariate(0.4)) + 1)


def _swap(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    if tokens:
        first, second = random.randrange(len(tokens)), random.randrange(len(tokens))
        tokens[first], tokens[second] = tokens[second], tokens[first]


def _delete(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    at, end = _range(random, len(tokens))
    del tokens[at:end]


def _duplicate(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    at, end = _range(random, len(tokens))
    tokens[end:end] = tokens[at:end] * random.choice((1, 1, 1, 2, 5, 40))


def _insert(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    tokens.insert(random.randint(0, len(tokens)), foreign_text(random, 2))


def _number(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    numbers = [index for index, token in enumerate(tokens) if _NUMBER.match(token)]
    if numbers:
        tokens[random.choice(numbers)] = random.choice(NUMBERS)
    else:
        tokens.insert(random.randint(0, len(tokens)), random.choice(NUMBERS))


def _replace(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    words = [index for index, token in enumerate(tokens) if not token.isspace()]
    if words:
        source = tokens if random.random() < 0.3 else tokens_of(random.choice(others or [""])) or tokens
        tokens[random.choice(words)] = random.choice(source)


def _splice(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    other = tokens_of(random.choice(others or [""]))
    start, stop = _range(random, len(other))
    at, end = _range(random, len(tokens))
    tokens[at : random.choice((at, end))] = other[start : stop + random.randint(0, 20)]


def _exchange_lines(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    lines = "".join(tokens).split("\n")
    first, second = random.randrange(len(lines)), random.randrange(len(lines))
    match random.randrange(3):
        case 0:
            lines[first], lines[second] = lines[second], lines[first]
        case 1:
            lines.insert(first, lines[second])
        case _:
            del lines[first]
    tokens[:] = tokens_of("\n".join(lines))


def _nest(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    at, end = _range(random, len(tokens))
    opening, closing = random.choice(
        (("{", "}"), ("(", ")"), ("[", "]"), ("g {", "}"), ("- ", ""), ("if a == 1 {", "}"))
    )
    times = random.choice((1, 1, 2, 5, 100))
    tokens[end:end] = [closing] * times
    tokens[at:at] = [opening] * times


def _end(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    del tokens[random.randint(0, len(tokens)) :]


def _line_ends(random: Random, tokens: list[str], others: Sequence[str]) -> None:
    end = random.choice(("\r\n", "\r", "\n\n", " \n", "\u2028", "\x0c"))
    tokens[:] = [end if token == "\n" and random.random() < 0.7 else token for token in tokens]


_TextChange = Callable[[Random, list[str], Sequence[str]], None]
_TEXT_CHANGES: tuple[_TextChange, ...] = (
    *(
        _swap,
        _delete,
        _delete,
        _duplicate,
        _duplicate,
        _insert,
        _number,
        _number,
        _replace,
        _replace,
        _replace,
    ),
    *(_splice, _splice, _exchange_lines, _exchange_lines, _nest, _end, _line_ends),
)


def _near(random: Random, value: Any) -> Any:
    """A value that differs a little."""
    if isinstance(value, bool) or value is None:
        return not value
    if isinstance(value, int):
        return random.choice(
            (value + 1, value - 1, -value, value + 0.5, float(value), str(value), bool(value), value << 40)
        )
    if isinstance(value, float):
        return random.choice(
            (-value, value * 1e300, int(value) if abs(value) < 1e300 else 0, str(value), value / 1e300)
        )
    if isinstance(value, str):
        return mutate_text(random, value[:5000], [value[:200]])
    if isinstance(value, list):
        return random.choice(
            (value[::-1], value * 2, value[1:], {str(at): part for at, part in enumerate(value)})
        )
    return random.choice((list(value), list(value.values()), {**value, **{key.upper(): 1 for key in value}}))


def _places(value: Any) -> Any:
    """Every (container, key) below a value."""
    found = (
        list(value.items())
        if isinstance(value, dict)
        else list(enumerate(value))
        if isinstance(value, list)
        else []
    )
    for key, part in found:
        yield value, key
        yield from _places(part)


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(part) for key, part in value.items()}
    return [_copy(part) for part in value] if isinstance(value, list) else value
