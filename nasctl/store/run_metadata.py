"""The file `run.json`: what a run was started with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nasctl.config import EARLIER_DATA, Config
from nasctl.errors import NasctlError
from nasctl.files import read_json, replace_file
from nasctl.files.json_text import write_record

RUN_FORMAT = 1

_HINT = "the file is damaged or was edited; restore it, or start a new run. `nasctl trials` still lists the trials"


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _is_string(value: object) -> bool:
    return isinstance(value, str)


def _is_string_or_none(value: object) -> bool:
    return value is None or isinstance(value, str)


def _is_flag_or_none(value: object) -> bool:
    return value is None or isinstance(value, bool)


def _is_settings(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(section, dict) for section in value.values())


def _are_counts_or_none(value: object) -> bool:
    return value is None or (isinstance(value, dict) and all(map(_is_count, value.values())))


def _are_token_strings(value: object) -> bool:
    return isinstance(value, list) and all(
        isinstance(tokens, list) and all(type(token) is int for token in tokens) for tokens in value
    )


_CHECKS: Mapping[str, tuple[Callable[[object], bool], str]] = {
    "space": (_is_string, "a string"),
    "space_hash": (_is_string, "a string"),
    "seed": (_is_count, "a whole number of at least 0"),
    "dataset": (_is_string_or_none, "a string or null"),
    "dataset_digest": (_is_string_or_none, "a string or null"),
    "examples": (_are_counts_or_none, "an object of whole numbers or null"),
    "evaluator": (_is_string_or_none, "a string or null"),
    "trains": (_is_flag_or_none, "true, false or null"),
    "init": (_are_token_strings, "a list of lists of whole numbers"),
    "config": (_is_settings, "an object of sections"),
}
_OPTIONAL: Mapping[str, object] = {
    "init": [],
    "dataset_digest": None,
    "examples": None,
    "trains": None,
}
"""Values of entries that earlier versions did not write."""


def write_metadata(file: Path, metadata: Mapping[str, object], config: Config) -> None:
    """Writes `run.json`, or replaces it as a whole.

    Args:
      file: The file.
      metadata: All entries but the version and the configuration.
      config: The resolved configuration.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The file cannot be written.
    """
    document = {"version": RUN_FORMAT, **metadata, "config": asdict(config)}
    replace_file(file, write_record(document, indent=2) + "\n")


def read_metadata(file: Path) -> dict[str, Any]:
    """Reads and checks `run.json`. Unknown entries are kept.

    The settings of a run of an earlier version say that it read its data as that version did.

    Raises:
      NasctlError: The file does not exist, is damaged, or has another format version.
    """
    metadata = read_json(file, hint=_HINT)
    if not isinstance(metadata, dict):
        raise NasctlError(f"{file} is damaged: it is not a JSON object", hint=_HINT)
    if metadata.get("version") != RUN_FORMAT:
        raise NasctlError(f"{file} has a format version that this nasctl cannot read", hint=_HINT)
    metadata |= {name: value for name, value in _OPTIONAL.items() if name not in metadata}
    for name, (check, what) in _CHECKS.items():
        if name not in metadata:
            raise NasctlError(f'{file} is damaged: "{name}" is missing', hint=_HINT)
        if not check(metadata[name]):
            raise NasctlError(f'{file} is damaged: "{name}" is not {what}', hint=_HINT)
    metadata["config"].setdefault("data", asdict(EARLIER_DATA))
    return metadata
