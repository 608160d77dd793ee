"""The trials of a run in SQLite.

Trials are durable once recorded, and other processes can read them while a search writes.
"""

from __future__ import annotations

import logging
import re
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from nasctl.errors import NasctlError
from nasctl.files.json_text import write_record
from nasctl.space import Tokens
from nasctl.store.database import connect_to_read, connect_to_write, explain_errors, wait_for_lock
from nasctl.store.rows import (
    OPEN_TRIAL_COLUMNS,
    SESSION_COLUMNS,
    TRIAL_COLUMNS,
    DamagedRow,
    describe_rows,
    measures,
    open_trial_of_row,
    row_of_trial,
    session_of_row,
    trial_of_row,
)
from nasctl.store.trial import COMPLETE, OpenTrial, Session, Status, Trial

_log = logging.getLogger(__name__)
_Result = TypeVar("_Result")

_NOW = "strftime('%Y-%m-%dT%H:%M:%fZ')"
_TRIALS = f"SELECT {TRIAL_COLUMNS} FROM trials"

LONGEST_GAP = 1000
"""Number of consecutive unreadable rows after which a reader looks for no further ones."""


class TrialStore:
    """The trials of one run and the controller's updates. One process may write while any number of processes read.

    A writer refuses a file with damaged rows. A reader leaves damaged rows out, and the log says which.

    Args:
      path: The database file.
      read_only: Whether the file must exist and is opened for reading only. Then no file is changed.
      running: For readers: whether a process is writing.

    Raises:
      WorkFailed: The disk is full, or another program locks the file.
      NasctlError: The file cannot be opened, is damaged, or has a newer schema version. A writer upgrades older
        versions; a reader upgrades a copy in memory.
    """

    def __init__(self, path: Path, *, read_only: bool = False, running: bool = True) -> None:
        self._path = path
        self._read_only = read_only
        self._connection = connect_to_read(path, running=running) if read_only else connect_to_write(path)
        self._connection.row_factory = sqlite3.Row
        self._reported: set[str] = set()

    def record(self, trial: Trial) -> None:
        """Records a finished trial and closes the open trial of the same number.

        The trial is durable when the method returns.

        Raises:
          WorkFailed: The disk is full, or another program locks the file.
          NasctlError: The file cannot be written, or a trial of this number already exists.
        """
        row = row_of_trial(trial)
        marks = ", ".join("?" * len(row))
        self._write(
            (
                f"INSERT INTO trials ({TRIAL_COLUMNS}, arrival)"
                f" VALUES ({marks}, (SELECT coalesce(max(arrival), -1) + 1 FROM trials))",
                row,
            ),
            ("DELETE FROM open_trials WHERE number = ?", (trial.number,)),
        )

    def open_trial(self, number: int, tokens: Tokens, rejected: int) -> None:
        """Records a proposed token string as an open trial, so that a resumed run evaluates it.

        Args:
          number: Number of the trial.
          tokens: Its token string.
          rejected: Number of token strings that were rejected for this trial before.
        """
        self._write(
            (
                "INSERT INTO open_trials (number, tokens, rejected) VALUES (?, ?, ?)",
                (number, write_record(tokens), rejected),
            )
        )

    def start_trial(self, number: int) -> None:
        """Records that the evaluation of an open trial has started."""
        self._write(
            (f"UPDATE open_trials SET started = {_NOW}, last_epoch = '{{}}' WHERE number = ?", (number,))
        )

    def record_epoch(self, number: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of the last epoch of an open trial."""
        self._write(
            ("UPDATE open_trials SET last_epoch = ? WHERE number = ?", (write_record(dict(metrics)), number))
        )

    def open_trials(self) -> list[OpenTrial]:
        """The open trials, in the order of their numbers."""
        query = f"SELECT {OPEN_TRIAL_COLUMNS} FROM open_trials ORDER BY number"
        return self._read("open trial", open_trial_of_row, query)

    def begin_session(self, process: int, host: str, workers: int) -> int:
        """Records the start of a session.

        If the session before it has no recorded end, its process crashed or was killed. Each trial whose evaluation
        was in progress then counts one more crash (`OpenTrial.crashes`).

        Returns:
          The number of the session.
        """
        return self._write(
            (
                "UPDATE open_trials SET crashes = crashes + 1 WHERE started IS NOT NULL AND EXISTS"
                " (SELECT 1 FROM sessions"
                " WHERE number = (SELECT max(number) FROM sessions) AND ended IS NULL)",
                (),
            ),
            ("UPDATE open_trials SET started = NULL, last_epoch = '{}'", ()),
            ("INSERT INTO sessions (process, host, workers) VALUES (?, ?, ?)", (process, host, workers)),
        )

    def end_session(self, number: int, stopped: str) -> None:
        """Records the end of a session and why the search stopped."""
        self._write((f"UPDATE sessions SET ended = {_NOW}, stopped = ? WHERE number = ?", (stopped, number)))

    def sessions(self) -> list[Session]:
        """All sessions of the run, oldest first."""
        query = f"SELECT {SESSION_COLUMNS} FROM sessions ORDER BY number"
        return self._read("session", session_of_row, query)

    def record_update(self, trials_seen: int, metrics: Mapping[str, float]) -> None:
        """Records the metrics of a controller update.

        Args:
          trials_seen: Number of trials that the controller has observed.
          metrics: Metrics of the update by name.
        """
        self._write(
            ("INSERT OR REPLACE INTO updates VALUES (?, ?)", (trials_seen, write_record(dict(metrics))))
        )

    def trials(self, numbers: range | None = None) -> list[Trial]:
        """All trials, or those in a range of numbers, in the order of their numbers."""
        first, last = (0, 2**62) if numbers is None else (numbers.start, numbers.stop - 1)
        query = f"{_TRIALS} WHERE number BETWEEN ? AND ? ORDER BY number"
        return self._read("trial", trial_of_row, query, first, last)

    def arrivals(self) -> list[int]:
        """The numbers of all trials, in the order in which they were recorded."""
        with explain_errors(self._path):
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
        query = (
            f"{_TRIALS} WHERE architecture_hash = ? AND number < ? AND status IN ({marks}) AND reused IS NULL"
            " ORDER BY number LIMIT 1"
        )
        found = self._read("trial", trial_of_row, query, architecture_hash, before, *statuses)
        return next(iter(found), None)

    def best(self) -> Trial | None:
        """The complete trial with the largest reward, the first one if several have it; None if none is complete."""
        if self._read_only:  # the row of the best one may be damaged
            complete = [trial for trial in self.trials() if trial.reward is not None]
            return max(complete, key=lambda trial: (trial.reward or 0.0, -trial.number), default=None)
        query = f"{_TRIALS} WHERE status = ? ORDER BY reward DESC, number LIMIT 1"
        return next(iter(self._read("trial", trial_of_row, query, COMPLETE)), None)

    def updates(self) -> dict[int, dict[str, float]]:
        """The metrics of all controller updates, by the number of observed trials."""
        query = "SELECT trials_seen, metrics FROM updates ORDER BY trials_seen"
        return dict(self._read("update", lambda row: (row[0], measures(row[1], "metrics")), query))

    def close(self) -> None:
        """Closes the database."""
        self._connection.close()

    def _write(self, *statements: tuple[str, Sequence[object]]) -> int:
        """Executes statements in one transaction; returns the number of the row that the last one inserted."""

        def transaction() -> int:
            with self._connection:
                for statement, arguments in statements:
                    cursor = self._connection.execute(statement, arguments)
            return int(cursor.lastrowid or 0)

        with explain_errors(self._path):
            return wait_for_lock(self._path, transaction)

    def _read(
        self, what: str, convert: Callable[[sqlite3.Row], _Result], query: str, *arguments: object
    ) -> list[_Result]:
        """The converted rows of a query whose first column is their number. A reader leaves out damaged rows."""
        converted: list[_Result] = []
        damaged: dict[int, str] = {}
        with explain_errors(self._path):
            for row in self._rows(query, arguments, damaged):
                try:
                    converted.append(convert(row))
                except (DamagedRow, TypeError) as error:
                    damaged[row[0]] = str(error)
        if damaged:
            self._report(describe_rows(what, damaged))
        return converted

    def _rows(self, query: str, arguments: Sequence[object], damaged: dict[int, str]) -> list[sqlite3.Row]:
        """The rows of a query. If a page of the file is damaged, a reader gets the rows of the other pages."""
        try:
            return self._connection.execute(query, arguments).fetchall()
        except sqlite3.DatabaseError as error:
            rows = self._rows_one_by_one(query, damaged) if self._read_only else []
            if not rows:
                raise error
            return rows

    def _rows_one_by_one(self, query: str, damaged: dict[int, str]) -> list[sqlite3.Row]:
        """The rows that can be read by their numbers."""
        select = re.split(" WHERE | ORDER BY ", query)[0]
        rows: list[sqlite3.Row] = []
        unreadable: dict[int, str] = {}
        number = last = 0
        while number < last + LONGEST_GAP:
            try:
                if one := self._connection.execute(f"{select} WHERE number = ?", (number,)).fetchall():
                    damaged |= unreadable
                    unreadable.clear()
                    rows += one
                    last = number
            except sqlite3.DatabaseError as error:
                unreadable[number] = str(error)
            number += 1
        if unreadable:
            damaged[last + 1] = f"perhaps also later ones: {unreadable[max(unreadable)]}"
        return rows

    def _report(self, message: str) -> None:
        """Raises an error for a writer; warns readers once."""
        if not self._read_only:
            raise NasctlError(
                f"{self._path} is damaged: {message}",
                hint="restore the file from a backup, or start a new run; `nasctl trials` lists what can be read",
            )
        if message not in self._reported:
            self._reported.add(message)
            _log.warning("%s: %s; the rest is shown", self._path, message)
