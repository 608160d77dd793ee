"""Checks that the recorded trials of a run are complete before it is resumed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nasctl.errors import NasctlError
from nasctl.space import Space
from nasctl.store import OpenTrial, Trial


def check_recorded(
    space: Space, ended: Sequence[Trial], left_open: Sequence[OpenTrial], folder: Path
) -> None:
    """Checks the numbers and the token strings of all trials.

    Args:
      space: The space of the run.
      ended: The trials that have ended.
      left_open: The trials that have not.
      folder: The run folder.

    Raises:
      NasctlError: A trial is missing, is recorded twice, or has tokens that the space does not have.
    """
    recorded: list[Trial | OpenTrial] = [*ended, *left_open]
    numbers = sorted(trial.number for trial in recorded)
    for expected, number in enumerate(numbers):
        if number != expected:
            what = (
                f"trial {expected} is missing" if number > expected else f"trial {number} is recorded twice"
            )
            raise _damaged(folder, what)
    for trial in recorded:
        try:
            space.validate(trial.tokens)
        except NasctlError as error:
            raise _damaged(folder, f"trial {trial.number}: {error.message}") from error


def _damaged(folder: Path, what: str) -> NasctlError:
    return NasctlError(
        f"{folder / 'trials.sqlite'} is damaged: {what}",
        hint="restore the file from a backup, or start a new run; `nasctl trials` lists what can be read",
    )
