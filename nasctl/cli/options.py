"""Arguments and options that several commands share, and the functions that parse their values."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from nasctl.bounds import SEEDS
from nasctl.cli.streams import keep_output_for_json
from nasctl.errors import NasctlError
from nasctl.foreign_text import shortened
from nasctl.settings import bounds_of, check_setting

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


def read_folder(text: str) -> Path:
    """The path of a folder that an option names.

    Raises:
      NasctlError: It is empty.
    """
    if not text.strip():
        raise NasctlError("the name of a folder is empty", hint="name one, or leave the option out")
    return Path(text)


DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir",
        metavar="DIR",
        parser=read_folder,
        help="The folder of prepared data sets. Default: $NASCTL_DATA_DIR, or the folder datasets of nasctl's cache.",
        show_default=False,
    ),
]
ImageSize = Annotated[
    str | None,
    typer.Option(
        "--image-size",
        metavar="64|96x128",
        help="Bring image files to this height and width in pixels. Default: chosen by the images and the machine.",
        show_default=False,
    ),
]
Fit = Annotated[
    str | None,
    typer.Option(
        "--fit",
        metavar="crop|pad|stretch",
        help="How image files of another shape get there: cut what is too long, add margins, or change the "
        "proportions. Default: crop.",
        show_default=False,
    ),
]
ExampleCount = Annotated[
    str | None,
    typer.Option(
        "--examples",
        metavar="N|SHARE",
        help="Use N training and validation examples, or a share of them below 1, in proportion to the classes. "
        "Default: all.",
        show_default=False,
    ),
]


def data_dir_options(data_dir: Path | None) -> list[str]:
    """The option with which a command that is printed for the user finds the same data sets."""
    return [] if data_dir is None else ["--data-dir", str(data_dir)]


def data_settings(
    image_size: str | None, fit: str | None, examples: str | None = None
) -> dict[str, tuple[str, object]]:
    """The options that say how a data set is read, for `read_settings`."""
    return {
        "data.image_size": ("--image-size", image_size),
        "data.fit": ("--fit", fit),
        "data.examples": ("--examples", examples),
    }


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


def settings_of_costs(
    dataset: str | None, image_size: str | None, fit: str | None
) -> dict[str, tuple[str, object]]:
    """As `data_settings`, for commands that compute costs for a data set.

    Raises:
      NasctlError: There is no data set whose images could be brought to a size.
    """
    options = data_settings(image_size, fit)
    given = [option for option, value in options.values() if value is not None]
    if given and dataset is None:
        raise NasctlError(f"{given[0]} needs a data set of images", hint="name it with --dataset")
    return options


def read_settings(
    texts: Iterable[str] | None, options: Mapping[str, tuple[str, object]] | None = None
) -> dict[str, dict[str, object]]:
    """Parses the values of --set, and adds those of options that set a single setting.

    Args:
      texts: Texts of the form `SECTION.KEY=VALUE`.
      options: The name and the value of an option, by the setting that it sets; None for an option that is not given.

    Returns:
      The value of each key of each section, as text or as the option's value.

    >>> read_settings(["training.epochs=10", "controller.preset=paper"])
    {'training': {'epochs': '10'}, 'controller': {'preset': 'paper'}}
    >>> read_settings([], {"search.trials": ("--trials", 5)})
    {'search': {'trials': 5}}

    Raises:
      NasctlError: A text does not have this form, or a setting is given two values. Other sections, keys and values are
        validated later.
    """
    settings: dict[str, dict[str, object]] = {}
    given_by: dict[tuple[str, str], str] = {}

    def add(section: str, key: str, value: object, source: str) -> None:
        keys = settings.setdefault(section, {})
        if key in keys and check_setting(section, key, keys[key]) != check_setting(section, key, value):
            raise NasctlError(
                f"{given_by[section, key]} and {source} give {section}.{key} two values",
                hint="leave one of them out",
            )
        keys[key], given_by[section, key] = value, source

    for text in texts or ():
        match = re.fullmatch(r"(\w+)\.(\w+)=(.*)", text)
        if match is None:
            raise NasctlError(
                f"--set {text} does not have the form SECTION.KEY=VALUE",
                hint="for example --set training.epochs=10",
            )
        section, key, value = match.groups()
        add(section, key, value, f"--set {text}")
    for setting, (option, given) in (options or {}).items():
        if given is not None:
            section, _, key = setting.partition(".")
            add(section, key, given, f"{option} {given}")
    return settings


def option_of(setting: str, options: Mapping[str, tuple[str, object]]) -> str:
    """What the user typed for a setting: its option, or the setting itself after --set.

    >>> option_of("search.trials", {"search.trials": ("--trials", 5)})
    '--trials'
    >>> option_of("search.ahead", {"search.trials": ("--trials", 5)})
    'search.ahead'
    """
    option, given = options.get(setting, ("", None))
    return setting if given is None else option


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
    total = hours * 3600 + minutes * 60 + seconds
    if not math.isfinite(total):
        raise NasctlError(f"--time {shortened(text, 40)} is too long", hint="for example 90s, 10m or 1h30m")
    return total
