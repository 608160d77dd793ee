"""Reads entries of JSON documents that may be damaged or edited, and checks their types and bounds."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nasctl.bounds import Bounds, shown
from nasctl.errors import NasctlError

HINT = "the file may be damaged or edited"
SIZES = Bounds(1, 2**31 - 1)
"""Sizes of arrays and numbers of classes."""

_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a string"}


def entry(content: Mapping[str, Any], key: str, kind: type, path: Path) -> Any:
    """An entry of a JSON object.

    Args:
      content: The object.
      key: The key of the entry.
      kind: `dict`, `list` or `str`.
      path: The file that the object comes from, for messages.

    Raises:
      NasctlError: The entry is missing or of another type.
    """
    value = content.get(key)
    if not isinstance(value, kind):
        raise wrong_entry(key, value, _KINDS[kind], path)
    return value


def whole_number(content: Mapping[str, Any], key: str, bounds: Bounds, path: Path) -> int:
    """An entry that is a whole number.

    Args:
      content: The JSON object.
      key: The key of the entry.
      bounds: The numbers that are accepted.
      path: The file that the object comes from, for messages.

    Raises:
      NasctlError: It is missing, not a whole number or out of bounds.
    """
    value = content.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not bounds.admit(value):
        raise wrong_entry(key, value, bounds.of("a whole number"), path)
    return value


def sizes(content: Mapping[str, Any], key: str, path: Path) -> tuple[int, ...]:
    """An entry that is the shape of an array: a list of one to eight numbers within `SIZES`.

    Raises:
      NasctlError: The entry is missing or of another type.
    """
    values = content.get(key)
    if not isinstance(values, list) or not 1 <= len(values) <= 8:
        raise wrong_entry(key, values, "a list of sizes", path)
    return tuple(whole_number({key: value}, key, SIZES, path) for value in values)


def strings(content: Mapping[str, Any], key: str, path: Path) -> tuple[str, ...]:
    """An entry that is a list of strings.

    Raises:
      NasctlError: The entry is missing or of another type.
    """
    values = content.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise wrong_entry(key, values, "a list of strings", path)
    return tuple(values)


def finite_numbers(content: Mapping[str, Any], key: str, path: Path) -> tuple[float, ...]:
    """An entry that is a list of finite numbers.

    Raises:
      NasctlError: The entry is missing or of another type.
    """
    values = content.get(key)
    if not isinstance(values, list) or not all(map(_is_finite, values)):
        raise wrong_entry(key, values, "a list of finite numbers", path)
    return tuple(map(float, values))


def wrong_entry(key: str, value: object, expected: str, path: Path) -> NasctlError:
    """The error for an entry that is missing or wrong.

    Args:
      key: The key of the entry.
      value: Its value; None if it is missing.
      expected: What it should be, with an article: `a list of strings`.
      path: The file, for the message.
    """
    state = "is missing" if value is None else f"is not {expected}, but {_brief(value)}"
    return NasctlError(f'{path}: "{key}" {state}', hint=HINT)


def _brief(value: object) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list of other values"
    return shown(value)


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) <= 1e300 and math.isfinite(value)
