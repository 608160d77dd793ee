"""Prepares a source once and reads it in milliseconds ever after.

Beside the ArrayRecord files, which any TFDS program can read, a prepared folder holds the decoded images as
`.npy` files: decoding takes 65 µs an image and TFDS half a second to import, mapping a file nothing, and
worker processes share its pages.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from nasctl.datasets.connection import why_unreachable
from nasctl.datasets.dataset import Dataset, Examples, Source
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

_log = logging.getLogger(__name__)

Content = TypeVar("Content")


def load_source(source: Source, data_dir: Path) -> Dataset:
    """The data set of a source, prepared under `data_dir` if it is not yet.

    Raises:
      NasctlError: It has to be downloaded and cannot be, or the folder cannot be written.
    """
    folder = folder_of(source, data_dir)
    splits = _read_arrays(source, folder) or prepare(
        source.name,
        folder,
        data_dir,
        write=lambda workplace: _write(source, workplace, data_dir),
        read=lambda made: _read_arrays(source, made),
    )
    return Dataset(source.name, InputKind.IMAGE, splits["train"], splits["test"], tuple(source.class_names))


def folder_of(source: Source, data_dir: Path) -> Path:
    """Where a source is, once prepared."""
    return data_dir / source.name / source.version


def is_prepared(source: Source, data_dir: Path) -> bool:
    """Whether a source can be read without preparing it."""
    return _read_arrays(source, folder_of(source, data_dir)) is not None


def _read_arrays(source: Source, folder: Path) -> dict[str, Examples] | None:
    """The decoded splits, or None where they are missing, cut short or of another shape."""
    splits = {}
    for split, count in source.splits.items():
        try:
            images = np.load(folder / "arrays" / f"{split}-images.npy", mmap_mode="r", allow_pickle=False)
            labels = np.load(folder / "arrays" / f"{split}-labels.npy", allow_pickle=False)
        except (OSError, ValueError, EOFError):
            return None
        if images.shape != (count, *source.shape) or labels.shape != (count,):
            return None
        splits[split] = Examples(np.asarray(images), labels)
    return splits


def prepare(
    name: str,
    folder: Path,
    data_dir: Path,
    write: Callable[[Path], Path],
    read: Callable[[Path], Content | None],
) -> Content:
    """Prepares in a folder of its own, then moves that into place in one step: no reader sees half of it.

    Args:
      name: Of the data set, for messages.
      folder: Where it belongs, below `data_dir`.
      data_dir: Where data sets are kept.
      write: Writes the data set below the folder that it is given, and returns where.
      read: Reads it; None where it is not whole.

    Raises:
      NasctlError: The data folder cannot be written, or what was written is not whole.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        workplace = Path(tempfile.mkdtemp(prefix=f".preparing-{name}-", dir=data_dir))
    except OSError as error:
        raise NasctlError(
            f"the data folder {data_dir} cannot be written: {error.strerror or error}",
            hint="name another one with --data-dir or the environment variable NASCTL_DATA_DIR",
        ) from error
    try:
        made = write(workplace)
        if read(made) is None:
            raise NasctlError(
                f"{name} does not hold the examples that it should", hint=f"remove {data_dir / name}"
            )
        return _move_into_place(made, folder, read)
    finally:
        shutil.rmtree(workplace, ignore_errors=True)


def _write(source: Source, workplace: Path, data_dir: Path) -> Path:
    download_dir = (data_dir if source.download else workplace) / "downloads"
    if source.download is not None:
        _require_file(source, data_dir, download_dir)
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    from nasctl.datasets import builder  # imports TFDS

    try:
        folder = builder.write(source, workplace, download_dir=download_dir, own_dir=data_dir)
    except NonMatchingChecksumError as error:
        assert source.download is not None
        raise NasctlError(
            f"{source.download.filename} in {data_dir} is not the published file of {source.name}",
            hint=f"it should have {source.download.size:,} bytes and the SHA-256 {source.download.sha256}; "
            f"remove it, and get it from {source.download.url}",
        ) from error
    made = builder.make_builder(source, workplace)
    (folder / "arrays").mkdir()
    for split in source.splits:
        examples = builder.read(made, split)
        np.save(folder / "arrays" / f"{split}-images.npy", examples.inputs, allow_pickle=False)
        np.save(folder / "arrays" / f"{split}-labels.npy", examples.labels, allow_pickle=False)
    return folder


def _require_file(source: Source, data_dir: Path, download_dir: Path) -> None:
    """Says within seconds what is missing: TFDS by itself retries for minutes."""
    file = source.download
    assert file is not None
    if (data_dir / file.filename).exists() or any(download_dir.glob(f"**/*{file.sha256[:8]}*")):
        return
    _log.info("downloading %s (%.0f MB) from %s", source.name, file.size / 1e6, file.url)
    if reason := why_unreachable(file.url):
        raise NasctlError(
            f"{source.name} is not on this machine, and {file.url} cannot be reached: {reason}",
            hint=f"get {file.filename} ({file.size / 1e6:.0f} MB) on a machine with a network and put it "
            f"into {data_dir}, or name the folder that has it with --data-dir",
        )


def _move_into_place(made: Path, folder: Path, read: Callable[[Path], Content | None]) -> Content:
    folder.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(3):
        try:
            os.rename(made, folder)
        except OSError:  # there is one: another process was faster, or a broken folder is in the way
            content = read(folder)
            if content is not None:
                return content
            broken = made.parent / f"broken-{attempt}"
            if folder.exists():
                os.rename(folder, broken)
            continue
        break
    content = read(folder)
    if content is None:
        raise NasctlError(f"the folder {folder} cannot be replaced", hint="remove it and try again")
    return content
