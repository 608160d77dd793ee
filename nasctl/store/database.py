"""Connections to `trials.sqlite`: one for the process that searches, others that read and change nothing.

SQLite's write-ahead log lets any number of processes read while one writes.
"""

from __future__ import annotations

import logging
import os
import shutil
import sqlite3
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import TypeVar

from nasctl.errors import NasctlError, WorkFailed
from nasctl.files import disk_full, explain_write_errors
from nasctl.store.schema import MIGRATIONS

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

PATIENCE = 600.0
"""Seconds for which a writer waits for a program that locks the file."""

_ATTEMPT = 1.0
"""Seconds for which SQLite waits for a lock. A writer tries again, so that it can be interrupted in between."""

_DAMAGED = (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR)
_LOCKED = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
_NO_LOCKS = (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PROTOCOL)


def connect_to_write(path: Path) -> sqlite3.Connection:
    """Opens a database for the only process that writes, creates it if it does not exist, and upgrades its schema.

    Raises:
      WorkFailed: The disk is full, or another program locks the file.
      NasctlError: The file cannot be opened, is damaged, or has a newer schema.
    """
    with explain_errors(path):
        connection = sqlite3.connect(path, timeout=_ATTEMPT)
        try:
            wait_for_lock(path, lambda: _prepare(connection, path))
        except BaseException:
            connection.close()
            raise
    return connection


def connect_to_read(path: Path, *, running: bool) -> sqlite3.Connection:
    """Opens a database for reading. No file is created or changed.

    A file of an older version is copied into memory, where its schema is upgraded.

    Args:
      path: The file.
      running: Whether a process writes to it. Otherwise nothing of SQLite's own is opened for writing.

    Raises:
      NasctlError: The file does not exist, is damaged, or has a newer schema.
    """
    if not _is_file(path):
        raise NasctlError(f"there are no trials at {path}")
    with explain_errors(path):
        connection = _open(path, running)
        try:
            version = _version(connection)
            if version == 0:
                raise NasctlError(f"there are no trials yet at {path}")
            if version == len(MIGRATIONS):
                return connection
            upgraded = sqlite3.connect(":memory:")
            connection.backup(upgraded)
            _upgrade(upgraded, path)
            upgraded.execute("PRAGMA query_only = ON")
        except BaseException:
            connection.close()
            raise
        connection.close()
        return upgraded


def wait_for_lock(path: Path, action: Callable[[], _Result]) -> _Result:
    """Calls a function again as long as another program locks the database, for at most `PATIENCE`.

    Args:
      path: The file of the database, for the message.
      action: Changes the database in one transaction, or not at all.
    """
    began = time.monotonic()
    warned = False
    while True:
        try:
            return action()
        except sqlite3.OperationalError as error:
            if _code(error) not in _LOCKED or time.monotonic() - began > PATIENCE:
                raise
            if not warned:
                _log.warning("%s is locked by another program; the search waits until it is free", path)
                warned = True


@contextmanager
def explain_errors(path: Path) -> Iterator[None]:
    """Converts errors of SQLite to errors for the user.

    Args:
      path: The file of the database.

    Raises:
      WorkFailed: The disk is full, or another program locks the file.
      NasctlError: The file is damaged, or cannot be read or written.
    """
    try:
        yield
    except (sqlite3.Error, OverflowError, UnicodeDecodeError) as error:
        code = _code(error)
        if code == sqlite3.SQLITE_FULL:
            raise disk_full(path) from error
        if code in _LOCKED:
            raise WorkFailed(
                f"{path} is locked by another program",
                hint="close that program; no recorded trial is lost, and a search continues with --resume",
            ) from error
        if code in _DAMAGED or "decode" in str(error):
            raise NasctlError(
                f"{path} is damaged: {error}",
                hint="restore the file from a backup, or start a new run; `nasctl trials` lists what can be read",
            ) from error
        hint = "no recorded trial is lost"
        if code in _NO_LOCKS:
            hint = "the file system may not support locks; put the run on a local disk"
        raise NasctlError(f"{path}: {error}", hint=hint) from error


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    connection.execute("PRAGMA journal_mode = WAL")
    # `NORMAL` is durable if the process is killed. `FULL` would also be durable on a power failure, but flushes the
    # disk for each trial.
    connection.execute("PRAGMA synchronous = NORMAL")
    _upgrade(connection, path)


def _open(path: Path, running: bool) -> sqlite3.Connection:
    """Opens the file itself if that changes nothing, otherwise a copy.

    SQLite creates or changes the files -wal and -shm even if it only reads. While a process writes, it has created
    both. Afterwards, an unfinished -wal of a process that was killed is read in a copy of the files.
    """
    address = f"{Path(os.path.abspath(path)).as_uri()}?mode=ro"
    log = path.with_name(f"{path.name}-wal")
    for companion in (log, path.with_name(f"{path.name}-shm")):
        if os.path.lexists(companion) and not _is_file(companion):
            raise NasctlError(f"{companion} is not a file", hint="the run may have been tampered with")
    if running and log.exists():
        return sqlite3.connect(address, uri=True)
    if not log.exists() or not log.stat().st_size:
        return sqlite3.connect(f"{address}&immutable=1", uri=True)
    with tempfile.TemporaryDirectory(prefix="nasctl-") as folder:
        copy = Path(folder) / path.name
        with explain_write_errors(copy):
            for file in (path, log):
                shutil.copyfile(file, copy.with_name(file.name))
        read = sqlite3.connect(":memory:")
        with closing(sqlite3.connect(copy)) as copied:
            copied.backup(read)
        read.execute("PRAGMA query_only = ON")
        return read


def _upgrade(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    if not 0 <= version <= len(MIGRATIONS):
        raise NasctlError(
            f"{path} has version {version} of the trial format; this nasctl supports {len(MIGRATIONS)}",
            hint="open the run with the nasctl that wrote it, or with a newer one",
        )
    if version < len(MIGRATIONS):
        scripts = "".join(MIGRATIONS[version:])
        try:
            connection.executescript(
                f"BEGIN IMMEDIATE; {scripts} PRAGMA user_version = {len(MIGRATIONS)}; COMMIT;"
            )
        except sqlite3.Error:
            with suppress(sqlite3.Error):
                connection.rollback()
            raise


def _version(connection: sqlite3.Connection) -> int:
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    return version


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):
        return stat.S_ISREG(path.stat().st_mode)
    return False


def _code(error: Exception) -> int:
    """The primary result code of SQLite."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK) & 0xFF
