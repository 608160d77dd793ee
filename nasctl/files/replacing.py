"""Replaces files as a whole: readers, and a process that is killed, see the old or the new content."""

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

    The content is written into a temporary file of the same folder, flushed to the disk, and renamed.

    Args:
      path: The file.
      content: Its new content; a text is written as UTF-8.
      follow_link: Whether to replace the target of a symbolic link; otherwise a link is refused.

    Raises:
      WorkFailed: The disk is full. The old file is unchanged.
      NasctlError: The file cannot be written, or is not a regular file. The old file is unchanged.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    with explain_write_errors(path):
        target = Path(os.path.realpath(path) if follow_link else path)
        old = _status(target)
        if old is not None and not stat.S_ISREG(old.st_mode):
            raise NasctlError(f"{path} is {kind_of_file(old)}, not a file, and is not replaced")
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
    """Checks, before long work, that a file or folder can be written.

    Args:
      path: The file or folder. It need not exist.
      parents: Whether to create the folders that it will be in.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: It cannot be written.
    """
    with explain_write_errors(path):
        parent = Path(os.path.realpath(path)).parent
        _status(Path(path))  # its name may be too long
        if parents:
            parent.mkdir(parents=True, exist_ok=True)
        temporary, descriptor = _create_temporary(parent)
        os.close(descriptor)
        os.unlink(temporary)


@contextmanager
def explain_write_errors(path: str | Path, *, hint: str = "") -> Iterator[None]:
    """Converts errors that occur while a file or folder is written to errors for the user.

    Args:
      path: The file or folder.
      hint: What the user can do, unless the disk is full.

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
        if isinstance(error, OSError) or "null" in str(error):  # ValueError: a null character in the path
            raise NasctlError(f"{path} cannot be written: {cause_of(error)}", hint=hint) from error
        raise


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


def _is_full(error: Exception) -> bool:
    """Whether an error, possibly one that a library raised, means that the disk is full."""
    return getattr(error, "errno", None) in _FULL or "No space left on device" in str(error)
