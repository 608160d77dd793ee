"""Checkpoints of the controller's state.

Each checkpoint is a file of arrays, named after the number of trials that the state has learned from. Earlier versions
wrote folders with Orbax, which are still read.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import numpy as np

from nasctl.errors import NasctlError
from nasctl.files import explain_write_errors
from nasctl.files.arrays import read_arrays, write_arrays
from nasctl.files.orbax import read_orbax

FORMAT = 1
"""Increased when the version before can no longer read what is written."""

KEPT = 2
"""Number of checkpoints that are kept: the one before the last is used if the last one is damaged."""

_FORMAT, _TRIALS_SEEN = "nasctl.format", "nasctl.trials_seen"


def save_controller(folder: Path, trials_seen: int, state: Mapping[str, np.ndarray]) -> None:
    """Writes a checkpoint and deletes all but the last `KEPT` ones.

    The checkpoint is complete when the function returns.

    Args:
      folder: The run's `controller/`.
      trials_seen: Number of trials that the state has learned from.
      state: Arrays by name.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The folder cannot be written.
    """
    with explain_write_errors(folder):
        folder.mkdir(exist_ok=True)
    header = {_FORMAT: np.asarray(FORMAT), _TRIALS_SEEN: np.asarray(trials_seen)}
    write_arrays(_file(folder, trials_seen), {**header, **state})
    for old in checkpoints(folder)[:-KEPT]:
        shutil.rmtree(folder / str(old), ignore_errors=True)
        with suppress(OSError):
            _file(folder, old).unlink()


def load_controller(folder: Path, trials_seen: int) -> dict[str, np.ndarray]:
    """Reads a checkpoint.

    Args:
      folder: The run's `controller/`.
      trials_seen: One of `checkpoints(folder)`.

    Returns:
      Arrays by name. The controller checks them when it restores them.

    Raises:
      NasctlError: The checkpoint is damaged, or was written by a newer version.
    """
    file = _file(folder, trials_seen)
    if not file.exists():
        return read_orbax(folder / str(trials_seen))
    state = read_arrays(file)
    version, seen = (state.pop(name, np.asarray(-1)) for name in (_FORMAT, _TRIALS_SEEN))
    if version.shape or not 0 < version <= FORMAT:
        raise NasctlError(f"{file} was written by another version of nasctl")
    if seen.shape or seen != trials_seen:
        raise NasctlError(f"{file} has the state after another number of trials")
    return state


def checkpoints(folder: Path) -> list[int]:
    """The numbers of trials for which there is a checkpoint, in increasing order."""
    if not folder.is_dir():
        return []
    return sorted({number for path in folder.iterdir() if (number := _number(path)) is not None})


def _file(folder: Path, trials_seen: int) -> Path:
    return folder / f"{trials_seen}.npz"


def _number(path: Path) -> int | None:
    name = path.name.removesuffix(".npz")
    return int(name) if name.isascii() and name.isdecimal() and len(name) < 19 else None
