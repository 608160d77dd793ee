"""Trials in SQLite: durable when recorded, read by other processes while a search writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError
from nasctl.space import Tokens
from nasctl.store.disk import disk_full
from nasctl.store.open_trial import OpenTrial
from nasctl.store.session import Session
from nasctl.store.trial import COMPLETE, Status, Trial

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
)
"""Scripts that lead from one version of the schema (`PRAGMA user_version`) to the next."""

_COLUMNS = (
    "number, tokens, status, reward, metrics, architecture_hash,"
    " seed, seconds, reused, rejected, cause, traceback, history"
)
_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ')"


class TrialStore:
    """The trials of one run and the controller's updates. One process writes; any number read."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        with self._clear_errors():
            if read_only:
                if not path.is_file():
                    raise NasctlError(f"there are no trials at {path}")
                self._connection = _connect_to_read(path)
                version = self._version()
                if version == 0:
                    raise NasctlError(f"there are no trials yet at {path}")
                if version != len(MIGRATIONS):
                    self._refuse(version)
            else:
                self._connection = sqlite3.connect(path)
                self._connection.execute("PRAGMA journal_mode = WAL")
                # Durable against a killed process, which is what happens to searches; `FULL` would also survive
                # a power cut, at a disk flush a trial.
                self._connection.execute("PRAGMA synchronous = NORMAL")
                self._migrate()
            self._connection.row_factory = sqlite3.Row

    def record(self, trial: Trial) -> None:
        """Adds a trial; it is durable when this returns.

        Raises:
          NasctlError: The file cannot be written, or the number is taken.
        """
        row = (
            trial.number,
            json.dumps(trial.tokens),
            trial.status,
            trial.reward,
            json.dumps(dict(trial.metrics)),
            trial.architecture_hash,
            trial.seed,
            trial.seconds,
            trial.reused,
            trial.rejected,
            trial.cause,
            trial.traceback,
            json.dumps([dict(record) for record in trial.history]),
        )
        with self._clear_errors(), self._connection:
            marks = ", ".join("?" * len(row))
            self._connection.execute(
                f"INSERT INTO trials ({_COLUMNS}, arrival)"
                f" VALUES ({marks}, (SELECT coalesce(max(arrival), -1) + 1 FROM trials))",
                row,
            )
            self._connection.execute("DELETE FROM open_trials WHERE number = ?", (trial.number,))

    def open_trial(self, number: int, tokens: Tokens, rejected: int) -> None:
        """Notes a token string that was proposed and is to become a trial, so that it outlives this process."""
        with self._clear_errors(), self._connection:
            self._connection.execute(
                "INSERT INTO open_trials (number, tokens, rejected) VALUES (?, ?, ?)",
                (number, json.dumps(tokens), rejected),
            )

    def start_trial(self, number: int) -> None:
        """Notes that the evaluation of an open trial begins."""
        with self._clear_errors(), self._connection:
            self._connection.execute(
                f"UPDATE open_trials SET started = {_NOW}, last_epoch = '{{}}' WHERE number = ?", (number,)
            )

    def record_epoch(self, number: int, record: Mapping[str, float]) -> None:
        """Notes how far an open trial is."""
        with self._clear_errors(), self._connection:
            self._connection.execute(
                "UPDATE open_trials SET last_epoch = ? WHERE number = ?", (json.dumps(dict(record)), number)
            )

    def open_trials(self) -> list[OpenTrial]:
        """The trials that were proposed and have not ended, in the order of their numbers."""
        with self._clear_errors():
            rows = self._connection.execute(
                "SELECT number, tokens, rejected, started, last_epoch FROM open_trials ORDER BY number"
            )
            return [
                OpenTrial(number, tuple(json.loads(tokens)), rejected, started, json.loads(last_epoch))
                for number, tokens, rejected, started, last_epoch in rows
            ]

    def begin_session(self, process: int, host: str, workers: int) -> int:
        """Notes that a process begins to search; returns the session's number."""
        with self._clear_errors(), self._connection:
            cursor = self._connection.execute(
                "INSERT INTO sessions (process, host, workers) VALUES (?, ?, ?)", (process, host, workers)
            )
            return int(cursor.lastrowid or 0)

    def end_session(self, number: int, stopped: str) -> None:
        """Notes that a session has ended, and why."""
        with self._clear_errors(), self._connection:
            self._connection.execute(
                f"UPDATE sessions SET ended = {_NOW}, stopped = ? WHERE number = ?", (stopped, number)
            )

    def sessions(self) -> list[Session]:
        """The processes that searched in this run, oldest first."""
        with self._clear_errors():
            rows = self._connection.execute(
                "SELECT process, host, workers, started, ended, stopped FROM sessions ORDER BY number"
            )
            return [Session(*row) for row in rows]

    def record_update(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """Notes what the controller reported of the update that followed a number of trials."""
        with self._clear_errors(), self._connection:
            self._connection.execute(
                "INSERT OR REPLACE INTO updates VALUES (?, ?)", (trials_seen, json.dumps(dict(metrics)))
            )

    def trials(self, numbers: range | None = None) -> list[Trial]:
        """All trials, or those of a range of numbers, in the order of their numbers."""
        between = (0, 2**62) if numbers is None else (numbers.start, numbers.stop - 1)
        with self._clear_errors():
            return [
                _trial(row) for row in self._select("WHERE number BETWEEN ? AND ? ORDER BY number", *between)
            ]

    def arrivals(self) -> list[int]:
        """The numbers of all trials, in the order in which they were recorded."""
        with self._clear_errors():
            return [
                number for (number,) in self._connection.execute("SELECT number FROM trials ORDER BY arrival")
            ]

    def same_architecture(
        self, architecture_hash: str, statuses: Sequence[Status], *, before: int
    ) -> Trial | None:
        """The first trial below a number that ran a network and ended in one of some ways, if there is one."""
        marks = ", ".join("?" * len(statuses))
        with self._clear_errors():
            rows = self._select(
                f"WHERE architecture_hash = ? AND number < ? AND status IN ({marks}) AND reused IS NULL"
                " ORDER BY number LIMIT 1",
                architecture_hash,
                before,
                *statuses,
            )
            return next((_trial(row) for row in rows), None)

    def best(self) -> Trial | None:
        """The complete trial with the largest reward, the earliest of equals; None before the first."""
        with self._clear_errors():
            rows = self._select("WHERE status = ? ORDER BY reward DESC, number LIMIT 1", COMPLETE)
            return next((_trial(row) for row in rows), None)

    def updates(self) -> dict[int, dict[str, float]]:
        """What the controller reported, by the number of trials seen."""
        with self._clear_errors():
            rows = self._connection.execute("SELECT trials_seen, metrics FROM updates ORDER BY trials_seen")
            return {seen: json.loads(metrics) for seen, metrics in rows}

    def close(self) -> None:
        """Closes the file."""
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
        raise NasctlError(
            f"{self._path} has version {version} of the trial format; this nasctl knows {len(MIGRATIONS)}",
            hint="open the run with the nasctl that wrote it, or resume it once to bring it up to date",
        )

    @contextmanager
    def _clear_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code == sqlite3.SQLITE_FULL:
                raise disk_full(self._path) from error
            raise NasctlError(
                f"{self._path}: {error}", hint="nothing that was recorded before is lost"
            ) from error


def _connect_to_read(path: Path) -> sqlite3.Connection:
    """A connection that only reads, while another process writes or on a disk where none can."""
    address = f"{path.resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(address, uri=True)
    try:
        connection.execute("PRAGMA user_version").fetchone()
    except (
        sqlite3.OperationalError
    ):  # SQLite keeps notes beside the file, which a read-only disk does not take
        connection.close()
        if path.with_name(f"{path.name}-wal").exists():
            raise
        connection = sqlite3.connect(f"{address}&immutable=1", uri=True)
    return connection


def _trial(row: sqlite3.Row) -> Trial:
    values = dict(row)
    values["tokens"] = tuple(json.loads(values["tokens"]))
    values["metrics"] = json.loads(values["metrics"])
    values["history"] = tuple(json.loads(values["history"]))
    return Trial(**values)
