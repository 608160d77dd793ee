"""Reads arrays that earlier versions of nasctl wrote with Orbax. `nasctl.files.arrays` writes new files."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

import numpy as np

from nasctl.errors import NasctlError


def read_orbax(folder: Path) -> dict[str, np.ndarray]:
    """Reads the arrays of a checkpoint of Orbax.

    Orbax reads characters such as `[` in a path as a pattern, and then finds only some of the arrays or none. If the
    path contains such characters, the folder is copied first.

    Returns:
      The arrays by name.

    Raises:
      NasctlError: The folder is not a checkpoint of Orbax, or is damaged.
    """
    path = folder.resolve()
    try:
        if re.fullmatch(r"[\w./ +-]*", str(path), re.ASCII):
            return _read(path)
        with tempfile.TemporaryDirectory(prefix="nasctl-") as plain:
            return _read(shutil.copytree(path, Path(plain) / "arrays"))
    except Exception as error:  # Orbax and TensorStore raise errors of many types for damaged files
        raise NasctlError(f"{folder} is damaged: its arrays cannot be read") from error


def _read(path: Path) -> dict[str, np.ndarray]:
    import orbax.checkpoint as ocp

    with ocp.Checkpointer(ocp.PyTreeCheckpointHandler()) as checkpointer:
        names = checkpointer.metadata(path).item_metadata.tree
        as_numpy = dict.fromkeys(names, ocp.RestoreArgs(restore_type=np.ndarray))
        arrays: dict[str, np.ndarray] = checkpointer.restore(path, restore_args=as_numpy)
    return {name: np.asarray(array) for name, array in arrays.items()}
