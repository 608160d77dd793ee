"""Trials in SQLite: durable when recorded, read by other processes while a search writes."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from nasctl.errors import NasctlError
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
)
"""Scripts that lead from one version of the schema (`PRAGMA user_version`) to the next."""

_COLUMNS = (
    "number, tokens, status, reward, metrics, architecture_hash,"
    " seed, seconds, reused, rejected, cause, traceback"
)


class TrialStore:
    """The trials of one run and the controller's updates. One process writes; any number read."""

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self._path = path
        with self._clear_errors():
            if read_only:
                if not path.is_file():
                    raise NasctlError(f"there are no trials at {path}")
                self._connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
                version = self._version()
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
        )
        with self._clear_errors(), self._connection:
            marks = ", ".join("?" * len(row))
            self._connection.execute(f"INSERT INTO trials ({_COLUMNS}) VALUES ({marks})", row)

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

    def trial(self, number: int) -> Trial | None:
        """The trial of a number, if it was recorded."""
        with self._clear_errors():
            return next((_trial(row) for row in self._select("WHERE number = ?", number)), None)

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
        for number, script in enumerate(MIGRATIONS[version:], start=version + 1):
            self._connection.executescript(f"BEGIN; {script} PRAGMA user_version = {number}; COMMIT;")

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
            raise NasctlError(
                f"{self._path}: {error}", hint="nothing that was recorded before is lost"
            ) from error


def _trial(row: sqlite3.Row) -> Trial:
    values = dict(row)
    values["tokens"] = tuple(json.loads(values["tokens"]))
    values["metrics"] = json.loads(values["metrics"])
    return Trial(**values)
