"""Explains errors that occur when files are written."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError, WorkFailed


@contextmanager
def explain_write_errors(path: Path) -> Iterator[None]:
    """Converts errors that occur while a file or folder is written to errors for the user.

    Args:
      path: The file or folder.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The file or folder cannot be written.
    """
    try:
        yield
    except NasctlError:
        raise
    except Exception as error:
        if _is_full(error):
            raise disk_full(path) from error
        if isinstance(error, OSError):
            raise NasctlError(f"{path} cannot be written: {error.strerror or error}") from error
        raise


def disk_full(path: Path) -> WorkFailed:
    """The error to raise when a file cannot be written because the disk is full."""
    return WorkFailed(
        f"the disk is full: {path} cannot be written",
        hint="free some space and continue with --resume; no recorded trial is lost",
    )


def _is_full(error: Exception) -> bool:
    """Whether an error, possibly one that a library raised, means that the disk is full."""
    return getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error)
