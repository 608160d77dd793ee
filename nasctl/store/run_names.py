"""The names of the run folders of a space: `cnn`, then `cnn-2`, `cnn-3` and so on."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

RUNS = Path("runs")
"""Where runs are created unless their folder is named: in the current folder."""


def list_runs(parent: Path, space_name: str) -> list[Path]:
    """The runs of a space in a parent folder, oldest first.

    Args:
      parent: The folder to list.
      space_name: Runs are named after it.
    """
    runs = {number: path for number, path in _numbered(parent, space_name) if (path / "run.json").is_file()}
    return [runs[number] for number in sorted(runs)]


def claim_next_run(parent: Path, space_name: str) -> Path:
    """Creates the folder for a new run of a space.

    Two searches that start at the same time, in this process or another, get different folders.

    Args:
      parent: The folder that contains the runs.
      space_name: The run is named after it.

    Returns:
      The new folder. If it could not be created, it does not exist, and `RunFolder.create` raises the error.
    """
    while True:
        number = max((number for number, _ in _numbered(parent, space_name)), default=0) + 1
        path = parent / (space_name if number == 1 else f"{space_name}-{number}")
        try:
            path.mkdir(parents=True)
        except (OSError, ValueError):
            if os.path.lexists(path):  # another search was faster
                continue
        return path


def _numbered(parent: Path, space_name: str) -> list[tuple[int, Path]]:
    """The files and folders that are named as runs of a space, with their numbers."""
    names: list[str] = []
    with suppress(OSError, ValueError):
        names = os.listdir(parent)
    return [(number, parent / name) for name in names if (number := _number(name, space_name)) is not None]


def _number(name: str, space_name: str) -> int | None:
    if name == space_name:
        return 1
    start, _, suffix = name.rpartition("-")
    is_number = suffix.isascii() and suffix.isdecimal() and len(suffix) < 10
    return int(suffix) if start == space_name and is_number else None
