"""The boundary to the files of a data set: whatever a file causes becomes an error that names it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError
from nasctl.files import cause_of


@contextmanager
def reading(path: Path, what: str, *, hint: str = "") -> Iterator[None]:
    """Turns every error that is raised inside into one that names the file.

    Nothing but the reading and decoding of the file belongs inside. Decoders raise errors of all types for damaged
    files: `zlib.error`, `struct.error`, `SyntaxError`, `MemoryError`, `RecursionError` and others.

    Args:
      path: The file, or the folder of the files.
      what: What the file should be, for the message: `an image`.
      hint: What the user can do about it.

    Raises:
      NasctlError: An error was raised inside.
    """
    try:
        yield
    except (NasctlError, NameError, ImportError):  # the last two are faults of the program
        raise
    except OSError as error:
        if error.errno is not None:
            raise unreadable(path, error) from error
        raise NasctlError(f"{path} is not {what}: {cause_of(error)}", hint=hint) from error
    except Exception as error:
        raise NasctlError(f"{path} is not {what}: {cause_of(error)}", hint=hint) from error


def require_file(path: Path) -> None:
    """Refuses what is not a regular file. To open a pipe or a device could block for ever.

    Raises:
      NasctlError: The file does not exist, cannot be looked at, or is not a regular file.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError as error:
        raise NasctlError(f"the file {path} does not exist") from error
    except (OSError, ValueError) as error:
        raise unreadable(path, error) from error
    if not stat.S_ISREG(mode):
        raise NasctlError(f"{path} is not a regular file", hint="name a file or a folder")


def require_memory(path: Path, size: int) -> None:
    """Refuses examples that are larger than the memory of the machine: a small file may expand to terabytes.

    Args:
      path: The file, or the folder of the files.
      size: The bytes that its examples take in memory.

    Raises:
      NasctlError: The machine has less memory.
    """
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if size > memory:
        raise NasctlError(
            f"the examples of {path} take {size / 1e9:,.0f} GB, and this machine has {memory / 1e9:,.0f} GB of memory",
            hint="use fewer or smaller images",
        )


def unreadable(path: Path, error: OSError | ValueError) -> NasctlError:
    """The error for a path that the operating system does not let us read."""
    return NasctlError(f"{path} cannot be read: {cause_of(error)}")
