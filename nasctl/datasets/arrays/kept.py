"""Keeps the arrays that were decoded from files, so that each file is decoded once and all processes map its arrays."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from nasctl.datasets.preparation import prepare

FOLDER = ".arrays"
"""The folder of kept arrays in the data folder."""


def kept_arrays(
    files: Sequence[Path], how: str, data_dir: Path, decode: Callable[[], Mapping[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """Decodes files, or maps the arrays that were decoded from them before.

    Arrays are found again by the paths, sizes and times of the files, so that changed files are decoded again.

    Args:
      files: The files.
      how: What the arrays depend on besides the files, and the version of the decoding.
      data_dir: The folder of prepared data sets.
      decode: Decodes the files. Its arrays have names that can be names of files.

    Returns:
      The arrays by name, read-only.

    Raises:
      NasctlError: The data folder cannot be written, or `decode` raised it.
    """
    facts = []
    for file in files:
        status = os.stat(file)
        facts.append((os.path.realpath(file), status.st_size, status.st_mtime_ns, status.st_ino))
    name = hashlib.sha256(repr((how, facts)).encode("utf-8", "surrogateescape")).hexdigest()[:32]
    folder = data_dir / FOLDER / name

    def write(staging: Path) -> Path:
        made = staging / name
        made.mkdir()
        for key, array in decode().items():
            np.save(made / f"{key}.npy", array, allow_pickle=False)
        return made

    return _read(folder) or prepare("arrays", folder, data_dir, write=write, read=_read)


def _read(folder: Path) -> dict[str, np.ndarray] | None:
    """The arrays in a folder; None if it does not exist or is damaged."""
    try:
        arrays = {
            file.stem: np.load(file, mmap_mode="r", allow_pickle=False)
            for file in sorted(folder.glob("*.npy"))
        }
    except Exception:  # NumPy raises errors of many types for a damaged header
        return None
    return arrays or None
