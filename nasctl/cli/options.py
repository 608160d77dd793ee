"""Arguments and options that several commands share, and how their texts are read."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from nasctl.errors import NasctlError

SpacePath = Annotated[
    str,
    typer.Argument(
        metavar="SPACE",
        help="A space file; a path that does not exist is looked up among the spaces that ship with nasctl.",
        show_default=False,
    ),
]
ArchitecturePath = Annotated[
    Path,
    typer.Argument(
        metavar="ARCH",
        help="An arch.json, or a run or checkpoint folder that holds one.",
        show_default=False,
    ),
]
RunPath = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of a run.", show_default=False)]
DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="DIR", help="Where data sets are kept and looked for.", show_default=False
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="SECTION.KEY=VALUE",
        help="Override a setting, such as training.epochs=10; may be repeated.",
        show_default=False,
    ),
]


def read_settings(texts: Iterable[str] | None) -> dict[str, dict[str, object]]:
    """Reads `SECTION.KEY=VALUE` texts.

    >>> read_settings(["training.epochs=10", "controller.preset=paper"])
    {'training': {'epochs': '10'}, 'controller': {'preset': 'paper'}}

    Raises:
      NasctlError: A text is not of that form; the names and values are checked where they are resolved.
    """
    settings: dict[str, dict[str, object]] = {}
    for text in texts or ():
        match = re.fullmatch(r"(\w+)\.(\w+)=(.+)", text)
        if match is None:
            raise NasctlError(
                f"--set {text} is not of the form SECTION.KEY=VALUE", hint="such as --set training.epochs=10"
            )
        section, key, value = match.groups()
        settings.setdefault(section, {})[key] = value
    return settings


def read_duration(text: str) -> float:
    """Reads a length of time and returns seconds.

    >>> read_duration("90"), read_duration("10m"), read_duration("1h30m")
    (90.0, 600.0, 5400.0)

    Raises:
      NasctlError: It is not one.
    """
    match = re.fullmatch(r"(?:(\d+)h)?(?:(\d+)m)?(?:(\d+(?:\.\d+)?)s?)?", text.strip())
    if match is None or not text.strip():
        raise NasctlError(f"--time {text} is not a length of time", hint="such as 90s, 10m or 1h30m")
    hours, minutes, seconds = (float(part) if part else 0.0 for part in match.groups())
    return hours * 3600 + minutes * 60 + seconds
