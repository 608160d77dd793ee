"""JSON as nasctl writes it: always valid, so never with NaN or an infinity as a bare word.

`write_json` is for other programs. `write_record` is for files and messages that nasctl reads back; its measured values
are read with `read_measures`.
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
    r"""One line of JSON for other programs. Numbers that are not finite become null, lone surrogates escapes.

    >>> write_json({"reward": float("nan"), "run": "a\udcff"})
    '{"reward": null, "run": "a\\\\udcff"}'
    """
    text = _encode(document, lambda number: None, None)
    # Many parsers refuse a lone surrogate, which the encoder writes as an escape of JSON.
    return _encode(_replaced(document, lambda number: None, storable), str, None) if "\\ud" in text else text


def write_record(document: object, *, indent: int | None = None) -> str:
    """JSON that nasctl reads back. Numbers that are not finite become the texts `NaN`, `Infinity` and `-Infinity`.

    Args:
      document: The JSON values. Only measured values may be numbers that are not finite.
      indent: None for one line, or 2.

    >>> write_record({"latency": float("inf")})
    '{"latency": "Infinity"}'
    """
    return _encode(document, _not_finite_text, indent)


def read_measures(values: Mapping[str, Any]) -> dict[str, Any]:
    """Measured values as `write_record` was given them.

    >>> read_measures({"latency": "Infinity", "accuracy": 0.5})
    {'latency': inf, 'accuracy': 0.5}
    """
    return {
        name: _NOT_FINITE.get(value, value) if isinstance(value, str) else value
        for name, value in values.items()
    }


def canonical_json(document: object) -> str:
    """JSON with sorted keys, to compute a hash from; it is not written to a file."""
    return _CANONICAL.encode(document)


def _encode(document: object, replace: Callable[[float], object], indent: int | None) -> str:
    try:
        return _ENCODERS[indent].encode(document)
    except ValueError:  # a number is not finite
        return _ENCODERS[indent].encode(_replaced(document, replace, str))


def _replaced(value: Any, number: Callable[[float], object], text: Callable[[str], str]) -> object:
    """A copy of JSON values with other texts, and other values for the numbers that are not finite."""
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
