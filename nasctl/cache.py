"""The folder of nasctl's caches: prepared data sets and compiled programs.

A compiled program is machine code. Anyone who can write to its folder can run code as the user who loads it. The
folders of compiled programs are therefore created with mode 0700 and are not used if others can write to them.
"""

from __future__ import annotations

import functools
import logging
import os
import stat
from pathlib import Path

from nasctl.errors import NasctlError

_log = logging.getLogger(__name__)


def cache_folder() -> Path:
    """Returns `$XDG_CACHE_HOME/nasctl`, or `~/.cache/nasctl` if the variable is not set.

    Raises:
      NasctlError: The variable is not set, and the user has no home folder.
    """
    base = os.environ.get("XDG_CACHE_HOME")
    try:
        return (Path(base) if base else Path.home() / ".cache") / "nasctl"
    except RuntimeError as error:
        raise NasctlError(
            "there is no folder for nasctl's caches: the user of this process has no home folder",
            hint="set XDG_CACHE_HOME to a folder",
        ) from error


def create_private(folder: Path) -> None:
    """Creates a folder and its missing parents with mode 0700.

    Raises:
      OSError: It cannot be created.
    """
    for missing in reversed([folder, *folder.parents]):
        if not os.path.lexists(missing):
            missing.mkdir(mode=0o700, exist_ok=True)


def is_private(folder: Path) -> bool:
    """Whether no other user can write to a folder; True if it does not exist yet.

    It must be a folder of the user who runs the process, not a symbolic link, without write permission for the group
    or others. Otherwise the log says why it is not used, once per process.
    """
    try:
        status = folder.lstat()
    except FileNotFoundError:
        return True
    except OSError as error:
        return refuse(folder, error.strerror or str(error))
    if stat.S_ISLNK(status.st_mode):
        return refuse(folder, "it is a symbolic link")
    if not stat.S_ISDIR(status.st_mode):
        return refuse(folder, "it is not a folder")
    if not is_own(status):
        return refuse(folder, "it belongs to another user")
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        return refuse(
            folder, "other users can write to it; delete it, and it is created again with mode 0700"
        )
    return True


def is_own(status: os.stat_result) -> bool:
    """Whether a file belongs to the user who runs the process; always True on Windows, which has no owner ids."""
    return not hasattr(os, "geteuid") or status.st_uid == os.geteuid()


@functools.cache
def refuse(folder: Path, cause: str) -> bool:
    """Logs, once per process, why a cache is not used; returns False."""
    _log.warning("the program cache %s is not used: %s", folder, cause)
    return False
