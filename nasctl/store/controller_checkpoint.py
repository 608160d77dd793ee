"""Checkpoints of the controller's state, written by Orbax.

Each checkpoint is a folder named after the number of trials that the state has learned from.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import orbax.checkpoint as ocp

from nasctl.files import explain_write_errors

KEPT = 2
"""Number of checkpoints that are kept."""


def save_controller(folder: Path, trials_seen: int, state: Any) -> None:
    """Writes a checkpoint and deletes all but the last `KEPT` ones.

    The checkpoint is complete when the function returns.

    Args:
      folder: The run's `controller/`.
      trials_seen: Number of trials that the state has learned from.
      state: A pytree of arrays.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The folder cannot be written.
    """
    folder = folder.resolve()
    with explain_write_errors(folder):
        folder.mkdir(exist_ok=True)
    with explain_write_errors(folder), ocp.StandardCheckpointer() as checkpointer:
        checkpointer.save(folder / str(trials_seen), state, force=True)
    for old in checkpoints(folder)[:-KEPT]:
        shutil.rmtree(folder / str(old), ignore_errors=True)


def load_controller(folder: Path, trials_seen: int) -> dict[str, np.ndarray]:
    """Reads a checkpoint.

    Args:
      folder: The run's `controller/`.
      trials_seen: One of `checkpoints(folder)`.

    Returns:
      Arrays by name. The controller checks them when it restores them.
    """
    with ocp.StandardCheckpointer() as checkpointer:
        state = checkpointer.restore(folder.resolve() / str(trials_seen))
    return {name: np.asarray(array) for name, array in state.items()}


def checkpoints(folder: Path) -> list[int]:
    """The numbers of trials for which there is a complete checkpoint, in increasing order."""
    if not folder.is_dir():
        return []
    return sorted(int(path.name) for path in folder.iterdir() if path.name.isdecimal())
