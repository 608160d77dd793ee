"""Reads files. A file that cannot be used is a `NasctlError` that names it.

Such a file does not exist, is a folder, a pipe or a device, is too large, cannot be opened, is not UTF-8 or not JSON.
"""

from __future__ import annotations

import json
import os
import stat
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nasctl.errors import NasctlError

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
                raise NasctlError(f"{path} is {kind_of_file(status)}, not a file", hint="name a regular file")
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
    """Parses JSON.

    Args:
      text: The JSON document.
      path: The file that it comes from, for messages.
      hint: What the user can do if it is not JSON.

    Raises:
      NasctlError: It is not JSON, is nested too deeply, has numbers with thousands of digits, or an object in it has a
        name twice.
    """

    def object_of(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values = dict(pairs)
        if len(values) < len(pairs):
            twice, _ = Counter(name for name, _ in pairs).most_common(1)[0]
            raise NasctlError(f"{path} has `{twice}` twice", hint=hint)
        return values

    try:
        return json.loads(text, object_pairs_hook=object_of)
    except json.JSONDecodeError as error:
        place = f"{path}:{error.lineno}:{error.colno}"
        raise NasctlError(f"{place}: this is not JSON ({error.msg})", hint=hint) from error
    except ValueError as error:
        raise NasctlError(f"{path} contains a number with too many digits", hint=hint) from error
    except RecursionError as error:
        raise NasctlError(f"{path} is nested too deeply", hint=hint) from error


def read_while_replaced(read: Callable[[], _Result]) -> _Result:
    """Reads a folder that another process may replace at the same time.

    A folder is replaced by two renames. Between them it does not exist, and a reader may find some files of the old
    folder and some of the new one. Reading again a moment later succeeds.

    Args:
      read: Reads the folder. It is called up to nine times, until it raises no `NasctlError`.

    Returns:
      What `read` returns.

    Raises:
      NasctlError: The last call raised it.
    """
    for _ in range(8):
        try:
            return read()
        except NasctlError:
            time.sleep(0.01)
    return read()


def check_current_folder() -> None:
    """Checks that the current folder exists. A process can run in a folder that was deleted.

    Raises:
      NasctlError: It does not exist, or cannot be read.
    """
    try:
        os.getcwd()
    except OSError as error:
        raise NasctlError(
            f"the current folder cannot be used: {cause_of(error)}", hint="change to a folder that exists"
        ) from error


def cause_of(error: Exception) -> str:
    """The cause of an error of the file system on one line, without the path, in at most 200 characters."""
    text = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return str(text).splitlines()[0][:200]


def kind_of_file(status: os.stat_result) -> str:
    """The kind of a file that is not a regular one, with its article: `a pipe`."""
    return next((name for test, name in _KINDS if test(status.st_mode)), "a special file")
