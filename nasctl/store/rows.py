"""Converts rows of `trials.sqlite` to trials, and recognises those that are damaged."""

from __future__ import annotations

import json
import math
import sqlite3
from collections.abc import Mapping
from datetime import datetime
from typing import Any, get_args

from nasctl.files.json_text import read_measures, write_record
from nasctl.space import Tokens
from nasctl.store.trial import COMPLETE, OpenTrial, Session, Status, Trial

TRIAL_COLUMNS = (
    "number, tokens, status, reward, metrics, architecture_hash,"
    " seed, seconds, reused, rejected, cause, traceback, history"
)
OPEN_TRIAL_COLUMNS = "number, tokens, rejected, started, last_epoch, crashes"
SESSION_COLUMNS = "number, process, host, workers, started, ended, stopped"

_STATUSES = frozenset(get_args(Status))


class DamagedRow(Exception):
    """A row holds what nasctl never writes; the text says what."""


def row_of_trial(trial: Trial) -> tuple[object, ...]:
    """The values of `TRIAL_COLUMNS` for a trial."""
    return (
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


def trial_of_row(row: sqlite3.Row) -> Trial:
    """A trial from the values of `TRIAL_COLUMNS`.

    Raises:
      DamagedRow: It is not one that `row_of_trial` writes.
    """
    values = dict(row)
    values["tokens"] = _tokens(values["tokens"])
    values["metrics"] = measures(values["metrics"], "metrics")
    history = _json(values["history"], "history", list)
    values["history"] = tuple(_measures(metrics, "history") for metrics in history)
    status, reward = values["status"], values["reward"]
    if status not in _STATUSES:
        raise DamagedRow(f"its status is {status!r}")
    if (status == COMPLETE) != (reward is not None):
        raise DamagedRow(f"its status is {status} and its reward is {reward}")
    if reward is not None and not math.isfinite(reward):
        raise DamagedRow(f"its reward is {reward}")
    if values["number"] < 0 or values["rejected"] < 0:
        raise DamagedRow("it has negative counts")
    return Trial(**values)


def open_trial_of_row(row: sqlite3.Row) -> OpenTrial:
    """An open trial from the values of `OPEN_TRIAL_COLUMNS`.

    Raises:
      DamagedRow: It is not one that the store writes.
    """
    number, tokens, rejected, started, last_epoch, crashes = row
    if number < 0 or rejected < 0:
        raise DamagedRow("it has negative counts")
    if started is not None:
        _check_time(started)
    return OpenTrial(number, _tokens(tokens), rejected, started, measures(last_epoch, "last epoch"), crashes)


def session_of_row(row: sqlite3.Row) -> Session:
    """A session from the values of `SESSION_COLUMNS`.

    Raises:
      DamagedRow: It is not one that the store writes.
    """
    session = Session(*tuple(row)[1:])
    _check_time(session.started)
    if session.ended is not None:
        _check_time(session.ended)
    return session


def measures(text: str, what: str) -> dict[str, Any]:
    """Measured values from a JSON object.

    Raises:
      DamagedRow: It is not an object of numbers.
    """
    return _measures(_json(text, what, dict), what)


def _measures(values: object, what: str) -> dict[str, Any]:
    if isinstance(values, dict):
        measured = read_measures(values)
        if all(isinstance(value, int | float) for value in measured.values()):
            return measured
    raise DamagedRow(f"its {what} are not numbers by name")


def _tokens(text: str) -> Tokens:
    tokens = _json(text, "tokens", list)
    if not all(type(token) is int for token in tokens):
        raise DamagedRow("its tokens are not whole numbers")
    return tuple(tokens)


def _json(text: str, what: str, kind: type) -> Any:
    try:
        value = json.loads(text)
    except (ValueError, TypeError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise DamagedRow(f"its {what} are not stored as JSON")
    return value


def _check_time(text: str) -> None:
    try:
        aware = datetime.fromisoformat(text).tzinfo is not None
    except (ValueError, TypeError):
        aware = False
    if not aware:
        raise DamagedRow(f"{text!r} is not a time")


def describe_rows(what: str, damaged: Mapping[int, str]) -> str:
    """Names damaged rows and what is wrong with the first one.

    Args:
      what: What a row holds, such as `trial`.
      damaged: What is wrong with each, by number.

    >>> describe_rows("trial", {3: "its reward is inf", 7: "its status is 'done'", 8: "its tokens are no list"})
    'trials 3, 7 to 8 are damaged (its reward is inf)'
    """
    numbers = sorted(damaged)
    starts = [number for number in numbers if number - 1 not in damaged]
    ends = [number for number in numbers if number + 1 not in damaged]
    ranges = [
        str(start) if start == end else f"{start} to {end}" for start, end in zip(starts, ends, strict=True)
    ]
    if len(ranges) > 10:
        ranges = [*ranges[:9], f"{len(ranges) - 9} more"]
    several = len(numbers) > 1
    return (
        f"{what}{'s' if several else ''} {', '.join(ranges)} {'are' if several else 'is'} damaged "
        f"({damaged[numbers[0]]})"
    )
