"""Text that nasctl did not write: names, paths and messages, made safe to show, to store and to paste into a shell."""

from __future__ import annotations

import os
import re
import shlex
import unicodedata
from collections.abc import Sequence
from pathlib import PurePath

_UNSAFE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # control characters, which begin the escape sequences of terminals
    "\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"  # invisible; reorder text
    "\u2028\u2029"  # separators of lines and paragraphs
    "\ud800-\udfff\ufffe\uffff"  # surrogates and non-characters, which UTF-8 and XML do not contain
    "\U000e0000-\U000e007f"  # tags, which are invisible
    "]"
)
_UNSAFE_IN_LINES = re.compile(_UNSAFE.pattern.replace("\x00-\x1f", "\x00-\x08\x0b-\x1f"))
_SURROGATE = re.compile("[\ud800-\udfff]")


def visible(text: str, *, lines: bool = False) -> str:
    r"""Writes characters that a terminal interprets or does not show as escapes.

    These are control characters, lone surrogates, and the characters that change the direction of text or have no
    width. Joiners are kept, as emoji and some scripts need them.

    Args:
      text: The text.
      lines: Whether line breaks and tabs are kept.

    >>> visible("red: \x1b[31m, two\nlines")
    'red: \\x1b[31m, two\\nlines'
    """
    if text.isprintable():
        return text
    return (_UNSAFE_IN_LINES if lines else _UNSAFE).sub(_escape, text)


def storable(text: str) -> str:
    r"""Writes lone surrogates, as in names of files that are not UTF-8, as escapes, so that the text can be encoded.

    >>> storable("data\udcff")
    'data\\udcff'
    """
    return _SURROGATE.sub(_escape, text)


def shortened(text: str, longest: int = 2000) -> str:
    """Cuts the middle out of a long text.

    >>> shortened("0123456789" * 10, 36)
    '01 … (96 characters left out) … 89'
    """
    if len(text) <= longest:
        return text
    kept = max((longest - len(f" … ({len(text):,} characters left out) … ")) // 2, 1)
    return f"{text[:kept]} … ({len(text) - 2 * kept:,} characters left out) … {text[-kept:]}"


def message_of(error: BaseException) -> str:
    """The message of an error, which may come from the user's code; even reading it may raise."""
    try:
        return str.__str__(str(error))  # of the type `str`, and not of a subclass
    except KeyboardInterrupt:
        raise
    except BaseException:
        return "its message cannot be read"


def name_of_type(thing: object) -> str:
    """The name of the type of an object that may come from the user's code; a metaclass cannot change it.

    >>> name_of_type(ValueError("no reward"))
    'ValueError'
    """
    name: str = type.__dict__["__name__"].__get__(type(thing))
    return name


def is_kind_of(thing: object, kinds: type | tuple[type, ...]) -> bool:
    """Whether an object that may come from the user's code is of a type; `isinstance` would ask the object itself."""
    return issubclass(type(thing), kinds)


def display_width(text: str) -> int:
    """Number of columns that a text takes in a terminal: East Asian characters take two, combining ones none.

    >>> display_width("abc"), display_width("漢字"), display_width("e\u0301")
    (3, 4, 1)
    """
    return len(text) if text.isascii() else sum(map(_columns, text))


def cut(text: str, width: int) -> str:
    """Cuts the end off a text that takes more than `width` columns in a terminal.

    >>> cut("a long name", 8), cut("漢字漢字", 5)
    ('a long…', '漢字…')
    """
    if display_width(text) <= width:
        return text
    while text and display_width(text) > width - 1:
        text = text[:-1]
    return f"{text.rstrip()}…"


def cells(text: str) -> list[str]:
    """The columns that a text takes in a terminal: a wide character is followed by an empty column.

    >>> cells("a漢b")
    ['a', '漢', '', 'b']
    """
    columns: list[str] = []
    for character in text:
        width = _columns(character)
        if width == 0 and columns:
            columns[-1] += character
        else:
            columns += [character, ""][: max(width, 1)]
    return columns


def shell_word(word: str | PurePath) -> str:
    r"""Quotes a word for a POSIX shell, so that the user can paste it.

    A path that begins with `-` gets `./` before it. Characters that cannot be shown are written as octal escapes of
    their bytes (`$'…'`).

    >>> print(shell_word("a b"), shell_word(PurePath("-x")), shell_word("bell\a"))
    'a b' ./-x $'bell\007'
    """
    text = os.fspath(word)
    if isinstance(word, PurePath) and text.startswith("-"):
        text = f"./{text}"
    if visible(text) == text:
        return shlex.quote(text)
    return "$'" + "".join(map(_ansi_c, text)) + "'"


def first_names(names: Sequence[str], most: int = 10) -> str:
    """The first of several names, and how many others there are.

    >>> first_names(["a", "b", "c"]), first_names(["a", "b", "c"], 2)
    ('a, b, c', 'a, b and 1 more')
    """
    others = len(names) - most
    return ", ".join(names[:most]) + (f" and {others:,} more" if others > 0 else "")


def shell_command(*words: str | PurePath) -> str:
    """A command to suggest to the user, each word quoted where it has to be.

    >>> shell_command("nasctl", "train", PurePath("my run"))
    "nasctl train 'my run'"
    """
    return " ".join(map(shell_word, words))


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape").decode("ascii")


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _ansi_c(character: str) -> str:
    if character in "\\'":
        return f"\\{character}"
    if visible(character) == character:
        return character
    try:
        encoded = os.fsencode(character)
    except UnicodeEncodeError:
        encoded = character.encode("utf-8", "surrogatepass")
    return "".join(f"\\{byte:03o}" for byte in encoded)
