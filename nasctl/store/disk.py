"""A disk that cannot be written, said in the person's words."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError, WorkFailed


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turns the errors of whoever writes a file or a folder into clear ones.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The place cannot be written.
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
    """What to say where a file cannot grow any more."""
    return WorkFailed(
        f"the disk is full: {path} cannot be written",
        hint="make room and go on with --resume; nothing that was recorded before is lost",
    )


def _is_full(error: Exception) -> bool:
    """Whether an error, also of a library that writes by itself, means that there is no room."""
    return getattr(error, "errno", None) == errno.ENOSPC or "No space left on device" in str(error)
