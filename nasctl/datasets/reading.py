"""Converts errors that occur while files of a data set are read to errors that name the file."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasctl.byte_size import size_text
from nasctl.errors import NasctlError
from nasctl.files import cause_of
from nasctl.machine_memory import machine_memory


@contextmanager
def reading(path: Path, what: str, *, hint: str = "") -> Iterator[None]:
    """Converts every error that is raised in its block to one that names the file.

    The block should only read and decode the file. Decoders raise errors of all types for damaged files: `zlib.error`,
    `struct.error`, `SyntaxError`, `MemoryError`, `RecursionError` and others.

    Args:
      path: The file, or the folder of the files.
      what: What the file should be, for the message: `an image`.
      hint: What the user can do about it.

    Raises:
      NasctlError: An error was raised in the block.
    """
    try:
        yield
    except (NasctlError, NameError, ImportError):  # the last two are bugs
        raise
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from error
        raise NasctlError(f"{path} is not {what}: {cause_of(error)}", hint=hint) from error
    except Exception as error:
        raise NasctlError(f"{path} is not {what}: {cause_of(error)}", hint=hint) from error


def require_file(path: Path) -> None:
    """Checks that a file is a regular one. Opening a pipe or a device may never return.

    Raises:
      NasctlError: The file does not exist, cannot be accessed, or is not a regular file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise NasctlError(f"the file {path} does not exist") from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(mode):
        raise NasctlError(f"{path} is not a regular file", hint="name a regular file or a folder")


def require_memory(path: Path, size: int) -> None:
    """Checks that examples fit into the memory of the machine: a small file may expand to terabytes.

    Args:
      path: The file, or the folder of the files.
      size: The size of its examples in memory, in bytes.

    Raises:
      NasctlError: The machine has less memory.
    """
    memory = machine_memory()
    if size > memory:
        raise NasctlError(
            f"the examples of {path} take {size_text(size)}, and this machine has {size_text(memory)} of memory",
            hint="use fewer or smaller images",
        )


def unreadable(path: Path, error: OSError | ValueError) -> NasctlError:
    """The error for a path that cannot be read."""
    return NasctlError(f"{path} cannot be read: {cause_of(error)}")
