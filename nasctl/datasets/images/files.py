"""Reads many image files in parallel. Those that cannot be read are collected.

Pillow decodes and resamples without the interpreter's lock, so threads use all cores.
"""

from __future__ import annotations

import hashlib
import os
import warnings
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np

from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import Header, decode, read_header
from nasctl.datasets.reading import require_file
from nasctl.errors import NasctlError
from nasctl.files import cause_of, read_bytes
from nasctl.progress import progress

_Result = TypeVar("_Result")

LARGEST_FILE = 2**31
"""Largest image file that is read, in bytes."""

_LISTED = 20
"""The most files that an error lists."""

_MOST_THREADS = 32
_BATCH = 16
"""Files that a thread reads before it reports."""

_FEW = 20
"""The least number of files of which one may be unreadable."""


@dataclass(frozen=True)
class Problem:
    """Why a file cannot be read."""

    cause: str


@dataclass(frozen=True)
class Content:
    """What is known about a file that was decoded.

    Attributes:
      digest: The SHA-256 digest of the file.
      frames: Whether it has further frames or pages, which were not used.
    """

    digest: bytes
    frames: bool


def read_headers(root: Path, names: Sequence[str]) -> list[Header | Problem]:
    """Reads the headers of image files.

    Args:
      root: The folder of the data set.
      names: The files relative to the folder.
    """

    def read(index: int) -> Header:
        path = root / names[index]
        require_file(path)
        return read_header(path)

    return _each(read, root, names, f"looking at {len(names):,} images")


def read_pixels(
    root: Path, names: Sequence[str], form: ImageFormat, store: Callable[[int, np.ndarray], None]
) -> list[Content | Problem]:
    """Decodes image files.

    Args:
      root: The folder of the data set.
      names: The files relative to the folder.
      form: The form of the images.
      store: Takes the index of a file and its pixels, (height, width, channels) as uint8. Several threads call it.

    Raises:
      OSError: `store` raised it.
    """
    failures: list[OSError] = []

    def read(index: int) -> Content:
        content = read_bytes(root / names[index], limit=LARGEST_FILE)
        pixels, frames = decode(content, form)
        try:
            store(index, pixels)
        except OSError as error:
            failures.append(error)
            raise
        return Content(hashlib.sha256(content).digest(), frames)

    found = _each(read, root, names, f"preparing {len(names):,} images", stop=lambda: bool(failures))
    if failures:
        raise failures[0]
    return found


def note_of_problems(root: Path, problems: dict[str, Problem], count: int) -> str:
    """The note about files that cannot be read and are skipped.

    One file in a hundred may be unreadable, and at least one if there are 20 files.

    Args:
      root: The folder of the data set.
      problems: The problems by the names of the files, at least one.
      count: The number of all files.

    Raises:
      NasctlError: There are more; the message lists them.
    """
    if len(problems) > (-(-count // 100) if count >= _FEW else 0):
        raise unreadable_files(root, problems)
    shown = [f"{name} ({problem.cause})" for name, problem in sorted(problems.items())[:_LISTED]]
    more = f" and {len(problems) - _LISTED} more" if len(problems) > _LISTED else ""
    what = "1 unreadable file is" if len(problems) == 1 else f"{len(problems):,} unreadable files are"
    return f"{what} skipped: {', '.join(shown)}{more}"


def unreadable_files(root: Path, problems: dict[str, Problem]) -> NasctlError:
    """The error that lists files that cannot be read."""
    if len(problems) == 1:
        ((name, problem),) = problems.items()
        return NasctlError(
            f"{root / name} cannot be read as an image: {problem.cause}", hint="remove or replace the file"
        )
    lines = [f"  {name}: {problem.cause}" for name, problem in sorted(problems.items())]
    if len(lines) > _LISTED:
        lines = [*lines[:_LISTED], f"  and {len(lines) - _LISTED} more"]
    return NasctlError(
        "\n".join([f"{len(problems)} files of {root} cannot be read as images:", *lines]),
        hint="remove or replace them",
    )


def threads() -> int:
    """The number of threads that read files: one for each core that this process may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(cores, _MOST_THREADS)


def _each(
    read: Callable[[int], _Result],
    root: Path,
    names: Sequence[str],
    what: str,
    stop: Callable[[], bool] = lambda: False,
) -> list[_Result | Problem]:
    """Calls a function for each file, in several threads; a file for which it raises an error has a `Problem`."""

    def read_batch(batch: range) -> list[_Result | Problem]:
        found: list[_Result | Problem] = []
        for index in batch:
            try:
                found.append(read(index))
            except Exception as error:  # decoders raise errors of all types for damaged files
                found.append(_problem(root / names[index], error))
            if stop():
                break
        return found

    every: list[_Result | Problem] = []
    with warnings.catch_warnings(), progress(what, len(names)) as report:
        warnings.simplefilter("ignore")  # about large images, and metadata that is not used
        for found in _in_order(
            read_batch, [range(len(names))[at : at + _BATCH] for at in range(0, len(names), _BATCH)]
        ):
            every += found
            report(len(every))
            if stop():
                break
    return every


def _in_order(work: Callable[[range], _Result], batches: Sequence[range]) -> Iterator[_Result]:
    """The results for batches in their order. Few batches wait at a time, so an interruption ends the work soon."""
    pool = ThreadPoolExecutor(threads(), thread_name_prefix="images")
    waiting: deque[Future[_Result]] = deque()
    try:
        for batch in batches:
            waiting.append(pool.submit(work, batch))
            if len(waiting) > 4 * threads():
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _problem(path: Path, error: Exception) -> Problem:
    from PIL import UnidentifiedImageError

    if isinstance(error, UnidentifiedImageError):
        return Problem("its format is unknown")
    if isinstance(error, NasctlError):
        return Problem(error.message.removeprefix(f"{path} "))
    return Problem(cause_of(error))
