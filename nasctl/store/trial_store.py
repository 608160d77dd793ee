"""The trials of a run in SQLite.

Trials are durable once recorded, and other processes can read them while a search writes.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError
from nasctl.files import disk_full
from nasctl.json_text import read_measures, write_record
from nasctl.space import Tokens
from nasctl.store.trial import COMPLETE, OpenTrial, Session, Status, Trial

MIGRATIONS = (
    """
    CREATE TABLE trials (
        number INTEGER PRIMARY KEY,
        tokens TEXT NOT NULL,
        status TEXT NOT NULL,
        reward REAL,
        metrics TEXT NOT NULL,
        architecture_hash TEXT NOT NULL,
        seed INTEGER NOT NULL,
        seconds REAL NOT NULL,
        reused INTEGER REFERENCES trials (number),
        rejected INTEGER NOT NULL,
        cause TEXT NOT NULL,
        traceback TEXT NOT NULL,
        recorded TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ'))
    ) STRICT;
    CREATE INDEX trials_by_architecture ON trials (architecture_hash, number);
    CREATE TABLE updates (
        trials_seen INTEGER PRIMARY KEY,
        metrics TEXT NOT NULL
    ) STRICT;
    """,
    """
    ALTER TABLE trials ADD COLUMN history TEXT NOT NULL DEFAULT '[]';
    ALTER TABLE trials ADD COLUMN arrival INTEGER;
    UPDATE trials SET arrival = number;
    CREATE INDEX trials_by_arrival ON trials (arrival);
    CREATE TABLE open_trials (
        number INTEGER PRIMARY KEY,
        tokens TEXT NOT NULL,
        rejected INTEGER NOT NULL,
        started TEXT,
        last_epoch TEXT NOT NULL DEFAULT '{}'
    ) STRICT;
    CREATE TABLE sessions (
        number INTEGER PRIMARY KEY,
        process INTEGER NOT NULL,
        host TEXT NOT NULL,
        workers INTEGER NOT NULL,
        started TEXT NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ')),
        ended TEXT,
        stopped TEXT NOT NULL DEFAULT ''
    ) STRICT;
    """,
    """
    CREATE INDEX trials_by_reward ON trials (status, reward DESC, number);
    """,
    """
    ALTER TABLE open_trials ADD COLUMN crashes INTEGER NOT NULL DEFAULT 0;
    """,
)
"""Scripts that upgrade the schema from each version (`PRAGMA user_version`) to the next."""

OLDEST_READABLE = 2
"""The oldest version that is read without an upgrade."""

CRASHES_COUNTED = 4
"""The version since which `open_trials` has the column `crashes`."""

_COLUMNS = (
    "number, tokens, status, reward, metrics, architecture_hash,"
    " seed, seconds, reused, rejected, cause, traceback, history"
)
_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ')"


class TrialStore:
    """The trials of one run and the controller's updates. One process may write while any number of processes read.

    Args:
      path: The database file.
      read_only: Whether the file must exist and is opened for reading only.

    Raises:
      NasctlError: The file cannot be opened, is not a database, or has a newer schema version. A writer upgrades
        older versions; a reader reads them as they are.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        with self._explain_errors():
            if read_only:
                if not path.is_file():
                    raise NasctlError(f"there are no trials at {path}")
                self._connection = _connect_to_read(path)
                version = self._version()
                if version == 0:
                    raise NasctlError(f"there are no trials yet at {path}")
                if not OLDEST_READABLE <= version <= len(MIGRATIONS):
                    self._refuse(version)
            else:
                self._connection = sqlite3.connect(path)
                self._connection.execute("PRAGMA journal_mode = WAL")
                # `NORMAL` is durable if the process is killed. `FULL` would also be durable on a power failure,
                # but flushes the disk for each trial.
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._migrate()
            self._connection.row_factory = sqlite3.Row

    def record(self, trial: Trial) -> None:
        """Records a finished trial and closes the open trial of the same number.

        The trial is durable when the method returns.

        Raises:
          WorkFailed: The disk is full.
          NasctlError: The file cannot be written, or a trial of this number already exists.
        """
        row = (
            trial.number,
            write_record(trial.tokens),
            trial.status,
            trial.reward,
            write_record(dict(trial.metrics)),
            trial.architecture_hash,
            trial.seed,
            trial.seconds,
            trial.reused,
            trial.rejected,
            trial.cause,
            trial.traceback,
            write_record([dict(metrics) for metrics in trial.history]),
        )
        with self._explain_errors(), self._connection:
            marks = ", ".join("?" * len(row))
            self._connection.execute(
                f"INSERT INTO trials ({_COLUMNS}, arrival)"
                f" VALUES ({marks}, (SELECT coalesce(max(arrival), -1) + 1 FROM trials))",
                row,
            )
            self._connection.execute("DELETE FROM open_trials WHERE number = ?", (trial.number,))

    def open_trial(self, number: int, tokens: Tokens, rejected: int) -> None:
        """Records a proposed token string as an open trial, so that a resumed run evaluates it.

        Args:
          number: Number of the trial.
          tokens: Its token string.
          rejected: Number of token strings that were rejected for this trial before.
        """
        with self._explain_errors(), self._connection:
            self._connection.execute(
                "INSERT INTO open_trials (number, tokens, rejected) VALUES (?, ?, ?)",
                (number, write_record(tokens), rejected),
            )

    def start_trial(self, number: int) -> None:
        """Records that the evaluation of an open trial has started."""
        with self._explain_errors(), self._connection:
            self._connection.execute(
                f"UPDATE open_trials SET started = {_NOW}, last_epoch = '{{}}' WHERE number = ?", (number,)
            )

    def record_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of the last epoch of an open trial."""
        with self._explain_errors(), self._connection:
            self._connection.execute(
                "UPDATE open_trials SET last_epoch = ? WHERE number = ?",
                (write_record(dict(metrics)), number),
            )

    def open_trials(self) -> list[OpenTrial]:
        """The open trials, in the order of their numbers."""
        with self._explain_errors():
            crashes = "crashes" if self._version() >= CRASHES_COUNTED else "0"
            rows = self._connection.execute(
                f"SELECT number, tokens, rejected, started, last_epoch, {crashes} FROM open_trials ORDER BY number"
            )
            return [
                OpenTrial(
                    number,
                    tuple(json.loads(tokens)),
                    rejected,
                    started,
                    read_measures(json.loads(last_epoch)),
                    crashes,
                )
                for number, tokens, rejected, started, last_epoch, crashes in rows
            ]

    def begin_session(self, process: int, host: str, workers: int) -> int:
        """Records the start of a session.

        If the session before it has no recorded end, its process crashed or was killed. Each trial whose evaluation
        was in progress then counts one more crash (`OpenTrial.crashes`).

        Returns:
          The number of the session.
        """
        with self._explain_errors(), self._connection:
            last = self._connection.execute("SELECT ended FROM sessions ORDER BY number DESC").fetchone()
            if last is not None and last["ended"] is None:
                self._connection.execute(
                    "UPDATE open_trials SET crashes = crashes + 1 WHERE started IS NOT NULL"
                )
            self._connection.execute("UPDATE open_trials SET started = NULL, last_epoch = '{}'")
            cursor = self._connection.execute(
                "INSERT INTO sessions (process, host, workers) VALUES (?, ?, ?)", (process, host, workers)
            )
            return int(cursor.lastrowid or 0)

    def end_session(self, number: int, stopped: str) -> None:
        """Records the end of a session and why the search stopped."""
        with self._explain_errors(), self._connection:
            self._connection.execute(
                f"UPDATE sessions SET ended = {_NOW}, stopped = ? WHERE number = ?", (stopped, number)
            )

    def sessions(self) -> list[Session]:
        """All sessions of the run, oldest first."""
        with self._explain_errors():
            rows = self._connection.execute(
                "SELECT process, host, workers, started, ended, stopped FROM sessions ORDER BY number"
            )
            return [Session(*row) for row in rows]

    def record_update(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of a controller update.

        Args:
          trials_seen: Number of trials that the controller has observed.
          metrics: Metrics of the update by name.
        """
        with self._explain_errors(), self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO updates VALUES (?, ?)", (trials_seen, write_record(dict(metrics)))
            )

    def trials(self, numbers: range | None = None) -> list[Trial]:
        """All trials, or those in a range of numbers, in the order of their numbers."""
        first, last = (0, 2**62) if numbers is None else (numbers.start, numbers.stop - 1)
        with self._explain_errors():
            return [
                _trial(row)
                for row in self._select("WHERE number BETWEEN ? AND ? ORDER BY number", first, last)
            ]

    def arrivals(self) -> list[int]:
        """The numbers of all trials, in the order in which they were recorded."""
        with self._explain_errors():
            return [
                number for (number,) in self._connection.execute("SELECT number FROM trials ORDER BY arrival")
            ]

    def same_architecture(
        self, architecture_hash: str, statuses: Sequence[Status], *, before: int
    ) -> Trial | None:
        """The first trial that evaluated a given network.

        Args:
          architecture_hash: Canonical hash of the network.
          statuses: The trial must have one of these statuses.
          before: The number of the trial must be smaller.

        Returns:
          The trial, or None if there is none. Trials that reused results are not considered.
        """
        marks = ", ".join("?" * len(statuses))
        with self._explain_errors():
            rows = self._select(
                f"WHERE architecture_hash = ? AND number < ? AND status IN ({marks}) AND reused IS NULL"
                " ORDER BY number LIMIT 1",
                architecture_hash,
                before,
                *statuses,
            )
            return next((_trial(row) for row in rows), None)

    def best(self) -> Trial | None:
        """The complete trial with the largest reward, the first one if several have it; None if none is complete."""
        with self._explain_errors():
            rows = self._select("WHERE status = ? ORDER BY reward DESC, number LIMIT 1", COMPLETE)
            return next((_trial(row) for row in rows), None)

    def updates(self) -> dict[int, dict[str, float]]:
        """The metrics of all controller updates, by the number of observed trials."""
        with self._explain_errors():
            rows = self._connection.execute("SELECT trials_seen, metrics FROM updates ORDER BY trials_seen")
            return {seen: read_measures(json.loads(metrics)) for seen, metrics in rows}

    def close(self) -> None:
        """Closes the database."""
        self._connection.close()

    def _select(self, clause: str, *arguments: object) -> Iterator[sqlite3.Row]:
        yield from self._connection.execute(f"SELECT {_COLUMNS} FROM trials {clause}", arguments)

    def _version(self) -> int:
        version: int = self._connection.execute("PRAGMA user_version").fetchone()[0]
        return version

    def _migrate(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):
            self._refuse(version)
        if version < len(MIGRATIONS):
            scripts = "".join(MIGRATIONS[version:])
            self._connection.executescript(
                f"BEGIN; {scripts} PRAGMA user_version = {len(MIGRATIONS)}; COMMIT;"
            )

    def _refuse(self, version: int) -> None:
        """Raises the error for a file of another schema version."""
        raise NasctlError(
            f"{self._path} has version {version} of the trial format; this nasctl supports {len(MIGRATIONS)}",
            hint="open the run with the nasctl that wrote it, or resume it once to upgrade it",
        )

    @contextmanager
    def _explain_errors(self) -> Iterator[None]:
        """Converts errors of SQLite to errors for the user."""
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_FULL:
                raise disk_full(self._path) from error
            raise NasctlError(f"{self._path}: {error}", hint="no recorded trial is lost") from error


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """Opens a database for reading, possibly while another process writes or on a read-only file system."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except sqlite3.OperationalError:
        # SQLite cannot create its -shm file on a read-only file system. Without a -wal file, it needs none.
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection


def _trial(row: sqlite3.Row) -> Trial:
    values = dict(row)
    values["tokens"] = tuple(json.loads(values["tokens"]))
    values["metrics"] = read_measures(json.loads(values["metrics"]))
    values["history"] = tuple(map(read_measures, json.loads(values["history"])))
    return Trial(**values)
