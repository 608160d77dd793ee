"""Reads and replaces files: the one boundary between nasctl and the file system.

Whatever a file causes is reported as a `NasctlError` with the name of the file: it does not exist, is a folder, a pipe
or a device, is too large, cannot be opened, is not UTF-8, is not JSON. A file that is written is replaced as a whole:
readers, and a process that is killed, see the old or the new content.
"""

from __future__ import annotations

import errno
import json
import os
import secrets
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

from nasctl.errors import NasctlError, WorkFailed

_Result = TypeVar("_Result")

LIMIT = 16 * 2**20
"""Largest text or JSON file that is read, in bytes."""

_KINDS = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISLNK, "a symbolic link"),
)
_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_NO_LINKS = getattr(os, "O_NOFOLLOW", 0)
_NO_WAITING = getattr(os, "O_NONBLOCK", 0)


def read_bytes(path: str | Path, *, limit: int = LIMIT) -> bytes:
    """Reads a regular file. A pipe or a device is refused, because reading it may never end.

    Args:
      path: The file.
      limit: Largest size in bytes.

    Raises:
      NasctlError: It does not exist, is not a regular file, is too large, or cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | _NO_WAITING)
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise NasctlError(f"{path} is {_kind(status)}, not a file", hint="name a regular file")
            with open(descriptor, "rb", closefd=False) as file:
                content = file.read(limit + 1) if status.st_size <= limit else None
        finally:
            os.close(descriptor)
    except FileNotFoundError as error:
        raise NasctlError(f"the file {path} does not exist") from error
    except (OSError, ValueError) as error:  # ValueError: a null character in the path
        raise NasctlError(f"{path} cannot be read: {cause_of(error)}") from error
    if content is None or len(content) > limit:
        raise NasctlError(f"{path} is too large: it has more than {limit:,} bytes")
    return content


def read_text(path: str | Path, *, limit: int = LIMIT) -> str:
    """Reads a UTF-8 text file.

    Args:
      path: The file.
      limit: Largest size in bytes.

    Raises:
      NasctlError: As `read_bytes`, or the file is not UTF-8.
    """
    content = read_bytes(path, limit=limit)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise NasctlError(f"{path}:{line}: the byte 0x{content[error.start]:02x} is not UTF-8") from error


def read_json(path: str | Path, *, hint: str = "") -> Any:
    """Reads a JSON file.

    Args:
      path: The file.
      hint: What the user can do if it is not JSON.

    Raises:
      NasctlError: As `read_text`, or the file is not JSON.
    """
    return parse_json(read_text(path), path, hint=hint)


def parse_json(text: str, path: str | Path, *, hint: str = "") -> Any:
    """The values of a JSON text.

    Args:
      text: The text.
      path: Where it comes from, for messages.
      hint: What the user can do if it is not JSON.

    Raises:
      NasctlError: It is not JSON, is nested too deeply, or has numbers with thousands of digits.
    """
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise NasctlError(f"{place}: this is not JSON ({error.msg})", hint=hint) from error
    except ValueError as error:
        raise NasctlError(f"{path} contains a number with too many digits", hint=hint) from error
    except RecursionError as error:
        raise NasctlError(f"{path} is nested too deeply", hint=hint) from error


def read_while_replaced(read: Callable[[], _Result]) -> _Result:
    """Reads files of a folder that another process may replace at the same moment.

    A folder is replaced by two renames. Between them it does not exist, and a reader that is interrupted by them finds
    files of the old or of the new folder, or none.

    Args:
      read: Reads the files. It is called again, a few times, if it raises a `NasctlError`.
    """
    for _ in range(8):
        try:
            return read()
        except NasctlError:
            time.sleep(0.01)
    return read()


def check_current_folder() -> None:
    """Checks that the current folder exists: the system lets programs run in one that was deleted.

    Raises:
      NasctlError: It does not exist, or cannot be read.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise NasctlError(
            f"the current folder cannot be used: {cause_of(error)}", hint="change to a folder that exists"
        ) from error


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
            raise NasctlError(f"{path} is {_kind(old)}, not a file, and is not replaced")
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


def cause_of(error: Exception) -> str:
    """The cause of an error of the file system, in one line without the path."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:200]


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


def _kind(status: os.stat_result) -> str:
    return next((name for test, name in _KINDS if test(status.st_mode)), "a special file")


def _is_full(error: Exception) -> bool:
    """Whether an error, possibly one that a library raised, means that the disk is full."""
    return getattr(error, "errno", None) in _FULL or "No space left on device" in str(error)
