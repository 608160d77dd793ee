"""Reads settings: checks them against the schema of `nasctl.config`, and merges layers of them.

Later layers take precedence: the defaults, then a space file, then the command line.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, fields, replace
from functools import cache
from numbers import Integral, Real
from typing import Any, get_type_hints

from nasctl.bounds import Bounds, shown
from nasctl.config import SECTIONS, Config
from nasctl.errors import NasctlError

Settings = Mapping[str, Mapping[str, object]]
"""Settings by section and key: `{"training": {"epochs": 10}}`."""


def check_section(section: str, keys: object) -> None:
    """Checks that a section exists and that its settings are given by key.

    Raises:
      NasctlError: It does not exist, or they are not.
    """
    _schema(section)
    if not isinstance(keys, Mapping):
        raise NasctlError(
            f"the settings of section {section} must be a mapping from keys to values, not `{keys}`",
            hint='for example {"search": {"trials": 10}}',
        )


def check_setting(section: str, key: str, value: object) -> int | float | str | bool:
    """Checks a setting against the schema and converts it to the type of its field.

    Args:
      section: `search`, `controller`, `training` or `data`.
      key: A field of the section.
      value: A number, a boolean or a string; a string is converted.

    Raises:
      NasctlError: The section or the key does not exist, or the value does not fit.
    """
    known = _settings(section)
    if key not in known:
        raise NasctlError(f"{section} has no setting `{key}`", hint=_nearest(key, known))
    setting, kind = known[key]
    bounds = setting.metadata.get("bounds")
    converted = _convert(value, kind)
    if converted is None:
        raise NasctlError(
            f"{section}.{key} must be {_ARTICLES[kind]}, not `{shown(value)}`",
            hint=f"it is {bounds.of(_ARTICLES[kind])}" if bounds else "",
        )
    if bounds and not bounds.admit(converted):
        raise NasctlError(f"{section}.{key} must be {bounds.of(_ARTICLES[kind])}, not `{shown(value)}`")
    choices = setting.metadata.get("choices")
    if choices and converted not in choices:
        raise NasctlError(
            f"{section}.{key} cannot be `{shown(converted)}`",
            hint=f"it is one of {', '.join(filter(None, choices))}",
        )
    read: Callable[[Any], int | float | str | bool] | None = setting.metadata.get("read")
    return read(converted) if read and converted else converted


def bounds_of(section: str, key: str) -> Bounds:
    """The bounds of a setting that is a number."""
    bounds: Bounds = _settings(section)[key][0].metadata["bounds"]
    return bounds


def may_change(section: str, key: str) -> bool:
    """Whether a setting may change when a run is resumed: budgets may, settings that affect the trials may not."""
    return any(item.name == key and "may_change" in item.metadata for item in fields(SECTIONS[section]))


def resolve(*layers: Settings) -> Config:
    """Merges layers of settings; later layers take precedence.

    Raises:
      NasctlError: A name or a value does not fit the schema.
    """
    config = Config()
    for layer in layers:
        if not isinstance(layer, Mapping):
            raise NasctlError(
                f"settings must be a mapping from sections to settings, not `{layer}`",
                hint='for example {"search": {"trials": 10}}',
            )
        for section, keys in layer.items():
            check_section(section, keys)
            checked: dict[str, Any] = {key: check_setting(section, key, value) for key, value in keys.items()}
            config = replace(config, **{section: replace(getattr(config, section), **checked)})
    return config


def resolve_recorded(recorded: Settings, file: object) -> Config:
    """The settings that a file of nasctl recorded.

    Args:
      recorded: The settings.
      file: The file, for messages.

    Raises:
      NasctlError: A name or a value does not fit the schema. Older versions accepted values that no search can have.
    """
    try:
        return resolve(recorded)
    except NasctlError as error:
        hint = error.hint or "an older nasctl accepted it; correct it in the file"
        raise NasctlError(f"{file}: {error.message}", hint=hint) from error


_WHOLE = re.compile(r"[+-]?[0-9]{1,40}")

_ARTICLES = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}


def _convert(value: object, kind: type) -> int | float | str | bool | None:
    if kind is bool:
        return value if isinstance(value, bool) else {"true": True, "false": False}.get(str(value))
    if kind is str:
        return value if isinstance(value, str) else None
    if isinstance(value, bool) or not isinstance(value, (Real, str)):
        return None
    whole = isinstance(value, Integral) or (isinstance(value, str) and _WHOLE.fullmatch(value))
    try:
        number = int(value) if whole else float(value)  # type: ignore[arg-type]
        if kind is float:
            return float(number)
        return int(number) if number == number // 1 else None
    except (ValueError, OverflowError):  # of a word, or of an integer that is too large for a float
        return None


@cache
def _settings(section: str) -> dict[str, tuple[Field[Any], type]]:
    """The fields of a section and their types, by name."""
    schema = _schema(section)
    types = get_type_hints(schema)
    return {item.name: (item, types[item.name]) for item in fields(schema)}


def _schema(section: str) -> type:
    if section not in SECTIONS:
        raise NasctlError(f"there is no section `{section}` of settings", hint=_nearest(section, SECTIONS))
    return SECTIONS[section]


def _nearest(word: str, known: Mapping[str, object]) -> str:
    close = difflib.get_close_matches(str(word), known, n=1)
    return f"did you mean `{close[0]}`?" if close else f"it is one of {', '.join(known)}"
