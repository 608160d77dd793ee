"""The controller's state on disk, by Orbax, one folder for each number of trials that it has learned from."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orbax.checkpoint as ocp

from nasctl.store.disk import writing

KEPT = 2


def save_controller(folder: Path, trials_seen: int, state: Any) -> None:
    """Writes a state; it is whole when this returns, and older ones but the last go.

    Args:
      folder: The run's `controller/`.
      trials_seen: Number of trials that the state has learned from.
      state: A pytree of arrays.
    """
    folder = folder.resolve()
    with writing(folder):
        folder.mkdir(exist_ok=True)
    with writing(folder), ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / str(trials_seen), state, force=True)
    for old in checkpoints(folder)[:-KEPT]:
        shutil.rmtree(folder / str(old), ignore_errors=True)


def load_controller(folder: Path, trials_seen: int) -> dict[str, np.ndarray]:
    """Reads a state, as arrays by name; whether they fit is the controller's to say.

    Args:
      folder: The run's `controller/`.
      trials_seen: One of `checkpoints(folder)`.
    """
    with ocp.StandardCheckpointer() as checkpointer:
        state = checkpointer.restore(folder.resolve() / str(trials_seen))
    return {name: np.asarray(array) for name, array in state.items()}


def checkpoints(folder: Path) -> list[int]:
    """The numbers of trials for which there is a whole state, in increasing order."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())
