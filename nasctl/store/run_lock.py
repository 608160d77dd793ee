"""The lock of a run folder: one process searches in it at a time."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from pathlib import Path

from nasctl.errors import NasctlError
from nasctl.files import explain_write_errors
from nasctl.foreign_text import shell_command

_PATIENCE = 0.5
"""Seconds for which `acquire` tries: a reader that asks whether the lock is held holds it for microseconds."""

_FLAGS = os.O_NOFOLLOW | os.O_NONBLOCK  # a link is refused, and a pipe does not block


class RunLock:
    """A file that is locked while a search is running. The system releases the lock when the process ends.

    Args:
      path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Locks the file, and creates it if it does not exist. Has no effect if this object holds the lock.

        Raises:
          WorkFailed: The disk is full.
          NasctlError: Another process holds the lock, or the file cannot be written.
        """
        if self._descriptor is not None:
            return
        with explain_write_errors(self._path, hint="the file system may not support locks; use a local disk"):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | _FLAGS, 0o666)
            try:
                if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                    raise NasctlError(f"{self._path} is not a file")
                self._wait_for(descriptor)
            except BaseException:
                os.close(descriptor)
                raise
        self._descriptor = descriptor

    def release(self) -> None:
        """Releases the lock, if this object holds it."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def is_held(self) -> bool:
        """Whether a process holds the lock. Changes nothing."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | _FLAGS)
        except (OSError, ValueError):
            return False
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
        except OSError:
            return False
        finally:
            os.close(descriptor)
        return False

    def __del__(self) -> None:
        self.release()

    def _wait_for(self, descriptor: int) -> None:
        deadline = time.monotonic() + _PATIENCE
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return
            except BlockingIOError as error:
                if time.monotonic() > deadline:
                    folder = self._path.parent
                    raise NasctlError(
                        f"another search is running in {folder}",
                        hint=f"look at it with `{shell_command('nasctl', 'status', folder)}`, "
                        "or give another folder with --out",
                    ) from error
            time.sleep(0.01)
