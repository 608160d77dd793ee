"""Prepares an image data set once, so that later loads take milliseconds.

A prepared folder has the ArrayRecord files, which any TFDS program can read, and the decoded images as .npy files.
nasctl reads the latter, because TFDS takes half a second to import and 65 µs to decode an image. A .npy file is
memory-mapped, and worker processes share its pages.
"""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import numpy as np

from nasctl.datasets.connection import why_unreachable
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.dataset import Dataset, DatasetSpec, Examples
from nasctl.errors import NasctlError, WorkFailed
from nasctl.files import cause_of
from nasctl.input_kind import InputKind

_log = logging.getLogger(__name__)

Content = TypeVar("Content")

_LONGEST_PREPARATION = 24 * 3600
"""Seconds that a preparation may take. An older temporary folder is one that a killed process has left."""

_DIGEST = "arrays/sha256.txt"
"""The file with the digest of the decoded examples, by which damaged files are recognised."""


def load_spec(spec: DatasetSpec, data_dir: Path) -> Dataset:
    """Loads a data set, and prepares it first if necessary.

    Args:
      spec: The data set.
      data_dir: The folder of prepared data sets.

    Raises:
      NasctlError: The data set cannot be downloaded, or the folder cannot be written.
    """
    folder = folder_of(spec, data_dir)
    splits = _read_arrays(spec, folder) or prepare(
        spec.name,
        folder,
        data_dir,
        write=lambda staging_dir: _write(spec, staging_dir, data_dir),
        read=lambda made: _read_arrays(spec, made),
    )
    return Dataset(spec.name, InputKind.IMAGE, splits["train"], splits["test"], tuple(spec.class_names))


def folder_of(spec: DatasetSpec, data_dir: Path) -> Path:
    """Returns the folder of the prepared files of a data set."""
    return data_dir / spec.name / spec.version


def is_prepared(spec: DatasetSpec, data_dir: Path) -> bool:
    """Whether a data set is prepared. Does not read its examples."""
    return _open_arrays(spec, folder_of(spec, data_dir)) is not None


def _read_arrays(spec: DatasetSpec, folder: Path) -> dict[str, Examples] | None:
    """Reads the decoded splits; returns None if they are missing, truncated, changed or of another shape."""
    splits = _open_arrays(spec, folder)
    if splits is None:
        return None
    try:
        expected = (folder / _DIGEST).read_text(encoding="ascii").strip()
    except FileNotFoundError:  # version 0.1.0 wrote no digest
        return splits
    except (OSError, UnicodeDecodeError):
        return None
    return splits if digest_of_examples(splits, spec.class_names) == expected else None


def _open_arrays(spec: DatasetSpec, folder: Path) -> dict[str, Examples] | None:
    splits = {}
    for split, count in spec.splits.items():
        try:
            images = np.load(folder / "arrays" / f"{split}-images.npy", mmap_mode="r", allow_pickle=False)
            labels = np.load(folder / "arrays" / f"{split}-labels.npy", allow_pickle=False)
        except Exception:  # NumPy raises errors of many types for a damaged header
            return None
        if (images.dtype, images.shape) != (np.uint8, (count, *spec.shape)):
            return None
        if (labels.dtype, labels.shape) != (np.int32, (count,)):
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
    """Prepares a data set in a temporary folder and renames it atomically, so that readers never see a partial one.

    Args:
      name: The name of the data set, for messages.
      folder: The final folder, below `data_dir`.
      data_dir: The folder of prepared data sets.
      write: Writes the data set below a given folder, and returns the folder that it created.
      read: Reads the data set from a folder; returns None if it is incomplete.

    Returns:
      The output of `read`.

    Raises:
      NasctlError: The data folder cannot be written, or the data set is incomplete.
      WorkFailed: The data set cannot be written, for example because the disk is full.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(data_dir)
        staging_dir = Path(tempfile.mkdtemp(prefix=f".preparing-{name}-", dir=data_dir))
    except OSError as error:
        raise NasctlError(
            f"the data folder {data_dir} cannot be written: {error.strerror or error}",
            hint="name another one with --data-dir or the environment variable NASCTL_DATA_DIR",
        ) from error
    try:
        made = write(staging_dir)
        if read(made) is None:
            raise NasctlError(
                f"{name} does not have the number and shape of examples that its specification says",
                hint=f"remove {data_dir / name} and the file that it was read from",
            )
        return _move_to(made, folder, read)
    except (OSError, RuntimeError) as error:  # the writers of TFDS raise RuntimeError when the disk is full
        raise WorkFailed(
            f"{name} cannot be prepared in {data_dir}: {cause_of(error)}",
            hint="check its free space, or name another folder with --data-dir",
        ) from error
    finally:
        shutil.rmtree(staging_dir, ignore_errors=True)


def _remove_abandoned(data_dir: Path) -> None:
    """Removes the temporary folders of preparations that were killed more than a day ago."""
    for folder in data_dir.glob(".preparing-*"):
        with suppress(OSError):  # another process may remove its own folder at the same time
            if time.time() - folder.stat().st_mtime > _LONGEST_PREPARATION:
                shutil.rmtree(folder, ignore_errors=True)


def _write(spec: DatasetSpec, staging_dir: Path, data_dir: Path) -> Path:
    download_dir = (data_dir if spec.download else staging_dir) / "downloads"
    if spec.download is not None:
        _require_file(spec, data_dir, download_dir)
    from tensorflow_datasets.core.download.download_manager import NonMatchingChecksumError

    from nasctl.datasets import image_builder  # imports TFDS

    try:
        folder = image_builder.write(spec, staging_dir, download_dir=download_dir, manual_dir=data_dir)
    except NonMatchingChecksumError as error:
        assert spec.download is not None
        raise NasctlError(
            f"{spec.download.filename} in {data_dir} is not the published file of {spec.name}",
            hint=f"the published file has {spec.download.size:,} bytes and the SHA-256 {spec.download.sha256}; "
            f"download it again from {spec.download.url}",
        ) from error
    made = image_builder.make_builder(spec, staging_dir)
    (folder / "arrays").mkdir()
    splits = {split: image_builder.read(made, split) for split in spec.splits}
    for split, examples in splits.items():
        np.save(folder / "arrays" / f"{split}-images.npy", examples.inputs, allow_pickle=False)
        np.save(folder / "arrays" / f"{split}-labels.npy", examples.labels, allow_pickle=False)
    (folder / _DIGEST).write_text(digest_of_examples(splits, spec.class_names) + "\n", encoding="ascii")
    return folder


def _require_file(spec: DatasetSpec, data_dir: Path, download_dir: Path) -> None:
    """Checks within seconds that the download exists or can be reached; TFDS alone would retry for minutes."""
    file = spec.download
    assert file is not None
    if (data_dir / file.filename).exists() or any(download_dir.glob(f"**/*{file.sha256[:8]}*")):
        return
    _log.info("downloading %s (%.0f MB) from %s", spec.name, file.size / 1e6, file.url)
    if reason := why_unreachable(file.url):
        raise NasctlError(
            f"{spec.name} has to be downloaded, but {file.url} cannot be reached: {reason}",
            hint=f"download {file.filename} ({file.size / 1e6:.0f} MB) on another machine and put it into {data_dir}, "
            f"or name the folder that has it with --data-dir",
        )


def _move_to(made: Path, folder: Path, read: Callable[[Path], Content | None]) -> Content:
    folder.parent.mkdir(parents=True, exist_ok=True)
    for attempt in range(3):
        try:
            os.rename(made, folder)
        except OSError:  # the folder exists: another process was faster, or it is a broken one
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
