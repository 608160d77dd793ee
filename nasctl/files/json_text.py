"""Writes JSON that every parser accepts: it never contains the bare words NaN and Infinity.

`write_json` is for other programs. `write_record` is for files and messages that nasctl reads again; `read_measures`
restores the measured values in them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from typing import Any

from nasctl.foreign_text import storable

_ENCODERS = {indent: json.JSONEncoder(allow_nan=False, indent=indent) for indent in (None, 2)}
_CANONICAL = json.JSONEncoder(sort_keys=True)
_NOT_FINITE: Mapping[str, float] = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def write_json(document: object) -> str:
    r"""JSON for other programs, on one line.

    Numbers that are not finite become null. Lone surrogates become escapes, as many parsers refuse them.

    >>> write_json({"reward": float("nan"), "run": "a\udcff"})
    '{"reward": null, "run": "a\\\\udcff"}'
    """
    text = _encode(document, lambda number: None, None)
    # The encoder writes lone surrogates as \udXXX.
    return _encode(_replaced(document, lambda number: None, storable), str, None) if "\\ud" in text else text


def write_record(document: object, *, indent: int | None = None) -> str:
    """JSON that nasctl reads again. Numbers that are not finite become the strings "NaN", "Infinity" and "-Infinity".

    Args:
      document: The JSON values. Only measured values may be numbers that are not finite.
      indent: None for one line, or 2.

    >>> write_record({"latency": float("inf")})
    '{"latency": "Infinity"}'
    """
    return _encode(document, _not_finite_text, indent)


def read_measures(values: Mapping[str, Any]) -> dict[str, Any]:
    """Restores measured values that `write_record` has written.

    Args:
      values: The values by name, as parsed from JSON.

    >>> read_measures({"latency": "Infinity", "accuracy": 0.5})
    {'latency': inf, 'accuracy': 0.5}
    """
    return {
        name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    }


def canonical_json(document: object) -> str:
    """JSON with sorted keys, from which digests are computed. It is not written to files."""
    return _CANONICAL.encode(document)


def _encode(document: object, replace: Callable[[float], object], indent: int | None) -> str:
    try:
        return _ENCODERS[indent].encode(document)
    except ValueError:  # a number is not finite
        return _ENCODERS[indent].encode(_replaced(document, replace, str))


def _replaced(value: Any, number: Callable[[float], object], text: Callable[[str], str]) -> object:
    """A copy of JSON values in which `text` replaces the strings and `number` the numbers that are not finite."""
    if isinstance(value, Mapping):
        return {
            text(key) if isinstance(key, str) else key: _replaced(entry, number, text)
            for key, entry in value.items()
        }
    if isinstance(value, list | tuple):
        return [_replaced(entry, number, text) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return number(value)
    return text(value) if isinstance(value, str) else value


def _not_finite_text(number: float) -> str:
    return "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
