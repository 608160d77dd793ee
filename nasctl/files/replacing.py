"""Replaces files as a whole: at any moment, and after a crash, a file has its old or its new content."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from nasctl.errors import NasctlError, WorkFailed
from nasctl.files.reading import cause_of, kind_of_file

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)


def replace_file(path: str | Path, content: str | bytes, *, follow_link: bool = False) -> None:
    """Writes a file, or replaces it as a whole. It keeps its permissions and, if possible, its owner.

    The content is written to a temporary file in the same folder and flushed to the disk. Then the file is renamed.

    Args:
      path: The file.
      content: Its new content. Text is encoded as UTF-8.
      follow_link: Whether to replace the target of a symbolic link. Otherwise, a link is refused.

    Raises:
      WorkFailed: The disk is full. The old file is unchanged.
      NasctlError: The file cannot be written, or is not a regular file. The old file is unchanged.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with explain_write_errors(path):
        target = Path(os.path.realpath(path) if follow_link else path)
        old = _status(target)
        if old is not None and not stat.S_ISREG(old.st_mode):
            raise NasctlError(
                f"{path} is {kind_of_file(old)}, not a file, and is not replaced", hint="name a regular file"
            )
        temporary, descriptor = _create_temporary(target.parent)
        try:
            with open(descriptor, "wb") as file:
                if old is not None:
                    _copy_owner(descriptor, old)
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            os.replace(temporary, target)
        except BaseException:
            with suppress(OSError):
                os.unlink(temporary)
            raise


def check_writable(path: str | Path, *, parents: bool = False) -> None:
    """Checks that a file or folder can be written, so that long work does not fail at its end.

    Args:
      path: The file or folder. It need not exist.
      parents: Whether to create its parent folders.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: It cannot be written.
    """
    with explain_write_errors(path):
        parent = Path(os.path.realpath(path)).parent
        _status(Path(path))  # fails if the name is too long
        if parents:
            parent.mkdir(parents=True, exist_ok=True)
        temporary, descriptor = _create_temporary(parent)
        os.close(descriptor)
        os.unlink(temporary)


@contextmanager
def explain_write_errors(path: str | Path, *, hint: str = "") -> Iterator[None]:
    """Converts errors of the file system that occur while a file or folder is written.

    Args:
      path: The file or folder.
      hint: What the user can do, if the disk is not full.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The file or folder cannot be written.
    """
    try:
        yield
    except OSError as error:
        if error.errno in _FULL:
            raise disk_full(path) from error
        raise NasctlError(f"{path} cannot be written: {cause_of(error)}", hint=hint) from error
    except ValueError as error:
        if _can_exist(path):
            raise
        raise NasctlError(f"{path} cannot be written: {cause_of(error)}", hint=hint) from error


def disk_full(path: str | Path) -> WorkFailed:
    """The error to raise when a file cannot be written because the disk is full."""
    return WorkFailed(
        f"the disk is full: {path} cannot be written",
        hint="free some space; a search continues with --resume, and no recorded trial is lost",
    )


def _create_temporary(folder: Path) -> tuple[Path, int]:
    """Creates an empty file whose permissions follow the umask; returns its path and its descriptor."""
    path = folder / f".nasctl-{secrets.token_hex(8)}.tmp"
    return path, os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS, 0o666)


def _copy_owner(descriptor: int, old: os.stat_result) -> None:
    with suppress(OSError, AttributeError):  # only an administrator may give a file to another user
        os.fchown(descriptor, old.st_uid, old.st_gid)
    with suppress(OSError, AttributeError):
        os.fchmod(descriptor, stat.S_IMODE(old.st_mode))


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


def _can_exist(path: str | Path) -> bool:
    """Whether the system accepts the characters of a path: Python raises `ValueError` for other ones."""
    try:
        return b"\0" not in os.fsencode(path)
    except UnicodeEncodeError:
        return False
