"""Arguments and options that several commands share, and the functions that parse their values."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from nasctl.bounds import SEEDS
from nasctl.cli.streams import keep_output_for_json
from nasctl.config import bounds_of
from nasctl.errors import NasctlError

SEED_RANGE = {"min": int(SEEDS.low), "max": int(SEEDS.high)}
"""The range of an option for a seed."""


def range_of(section: str, key: str) -> dict[str, int]:
    """The range of an option for a setting that is a whole number."""
    bounds = bounds_of(section, key)
    return {"min": int(bounds.low), "max": int(bounds.high)}


SpacePath = Annotated[
    str,
    typer.Argument(
        metavar="SPACE",
        help="A space file. A path that does not exist is looked up among the spaces that come with nasctl.",
        show_default=False,
    ),
]
ArchitecturePath = Annotated[
    Path,
    typer.Argument(
        metavar="ARCH",
        help="An arch.json, or the folder of a run or checkpoint with one.",
        show_default=False,
    ),
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        help="The folder of prepared data sets. Default: $NASCTL_DATA_DIR, or the folder datasets of nasctl's cache.",
        show_default=False,
    ),
]


def _keep_output_for_json(wanted: bool) -> bool:
    if wanted:
        keep_output_for_json()
    return wanted


Json = Annotated[
    bool,
    typer.Option("--json", help="Print JSON to standard output.", callback=_keep_output_for_json),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Override a setting, for example training.epochs=10. May be repeated.",
        show_default=False,
    ),
]


def read_settings(texts: Iterable[str] | None) -> dict[str, dict[str, object]]:
    """Parses the values of --set.

    Args:
      texts: Texts of the form `SECTION.KEY=VALUE`.

    Returns:
      The value of each key of each section, as text.

    >>> read_settings(["training.epochs=10", "controller.preset=paper"])
    {'training': {'epochs': '10'}, 'controller': {'preset': 'paper'}}

    Raises:
      NasctlError: A text does not have this form. Sections, keys and values are validated later.
    """
    settings: dict[str, dict[str, object]] = {}
    for text in texts or ():
        match = re.fullmatch(r"(\w+)\.(\w+)=(.+)", text)
        if match is None:
            raise NasctlError(
                f"--set {text} does not have the form SECTION.KEY=VALUE",
                hint="for example --set training.epochs=10",
            )
        section, key, value = match.groups()
        settings.setdefault(section, {})[key] = value
    return settings


def read_duration(text: str) -> float:
    """Parses a duration such as `90s`, `10m` or `1h30m` and returns it in seconds.

    >>> read_duration("90"), read_duration("10m"), read_duration("1h30m")
    (90.0, 600.0, 5400.0)

    Raises:
      NasctlError: The text is not a duration.
    """
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip())
    if match is None or not text.strip():
        raise NasctlError(f"--time {text} is not a duration", hint="for example 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part) if part else 0.0 for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
