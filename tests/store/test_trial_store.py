"""Trials in SQLite: round trips, concurrent readers, migrations and errors."""

from __future__ import annotations

import math
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from nasctl.errors import NasctlError
from nasctl.store import OpenTrial, Trial, TrialStore
from nasctl.store.schema import MIGRATIONS

TRIAL = Trial(0, (1, 0, -1), "complete", 0.5, {"validation_accuracy": 0.79}, "abc", 7, 1.5, None, 2)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[TrialStore]:
    store = TrialStore(tmp_path / "trials.sqlite")
    yield store
    store.close()


def numbered(number: int, **changes: object) -> Trial:
    return replace(TRIAL, number=number, **changes)  # type: ignore[arg-type]


def test_a_trial_is_read_back_unchanged(store: TrialStore) -> None:
    failed = numbered(1, status="crashed", reward=None, cause="boom", traceback="Traceback …\nboom")
    store.record(TRIAL)
    store.record(failed)
    assert store.trials() == [TRIAL, failed]


def test_measures_that_are_not_finite_are_read_back(store: TrialStore) -> None:
    odd = {"nan": math.nan, "most": math.inf, "least": -math.inf, "params": 3}
    store.open_trial(0, (1, 0, -1), 0)
    store.record_epoch(0, odd)
    (running,) = store.open_trials()
    store.record(numbered(0, metrics=odd, history=(odd, odd)))
    store.record_update(1, odd)
    (trial,) = store.trials()
    assert repr([running.last_epoch, trial.metrics, *trial.history, store.updates()[1]]) == repr([odd] * 5)


def test_a_number_is_recorded_once(store: TrialStore) -> None:
    store.record(TRIAL)
    with pytest.raises(NasctlError, match="UNIQUE"):
        store.record(TRIAL)
    assert store.trials() == [TRIAL]


def test_the_best_is_the_earliest_of_the_largest_rewards(store: TrialStore) -> None:
    assert store.best() is None
    store.record(numbered(0, status="crashed", reward=None))
    assert store.best() is None
    for number, reward in enumerate((0.1, 0.9, 0.9, -1.0), start=1):
        store.record(numbered(number, reward=reward))
    assert store.best() == numbered(2, reward=0.9)


def test_the_same_network_is_found_among_earlier_trials_that_ran_it(store: TrialStore) -> None:
    store.record(numbered(0, status="crashed", reward=None))
    store.record(numbered(1))
    store.record(numbered(2, reused=1))
    assert store.same_architecture("abc", ["complete"], before=3) == numbered(1)
    assert store.same_architecture("abc", ["complete"], before=1) is None
    assert store.same_architecture("abc", ["crashed", "complete"], before=3) == store.trials()[0]
    assert store.same_architecture("other", ["complete"], before=3) is None


def test_a_trial_is_open_from_its_proposal_to_its_end(store: TrialStore) -> None:
    store.open_trial(0, (1, 0, -1), 2)
    store.open_trial(1, (0, 0, 0), 0)
    assert store.open_trials() == [
        OpenTrial(0, (1, 0, -1), 2, None, {}),
        OpenTrial(1, (0, 0, 0), 0, None, {}),
    ]
    store.start_trial(0)
    store.record_epoch(0, {"epoch": 1, "validation_loss": 0.5})
    (first, _) = store.open_trials()
    assert first.started is not None
    assert first.last_epoch == {"epoch": 1, "validation_loss": 0.5}
    store.start_trial(0)  # again, on another worker
    assert store.open_trials()[0].last_epoch == {}
    store.record(TRIAL)
    assert [trial.number for trial in store.open_trials()] == [1]


def test_trials_can_be_listed_in_the_order_in_which_they_ended(store: TrialStore) -> None:
    for number in (2, 0, 1):
        store.record(numbered(number))
    assert store.arrivals() == [2, 0, 1]
    assert [trial.number for trial in store.trials()] == [0, 1, 2]


def test_a_range_of_trials_is_read(store: TrialStore) -> None:
    for number in (0, 1, 2, 3, 5000):
        store.record(numbered(number))
    assert [trial.number for trial in store.trials(range(1, 3))] == [1, 2]
    assert [trial.number for trial in store.trials(range(3, 9000))] == [3, 5000]
    assert [trial.number for trial in store.trials()] == [0, 1, 2, 3, 5000]


def test_the_metrics_of_each_epoch_are_stored(store: TrialStore) -> None:
    history = ({"epoch": 1, "reward": 0.25}, {"epoch": 2, "reward": 0.5})
    store.record(numbered(0, history=history))
    assert store.trials()[0].history == history


def test_a_session_without_an_end_was_killed(store: TrialStore) -> None:
    first = store.begin_session(12, "here", 2)
    store.end_session(first, "the time is up")
    store.begin_session(13, "there", 4)
    ended, killed = store.sessions()
    assert (ended.process, ended.host, ended.workers, ended.stopped) == (12, "here", 2, "the time is up")
    assert ended.ended is not None and ended.ended >= ended.started
    assert (killed.ended, killed.stopped) == (None, "")


@pytest.mark.parametrize(
    ("ends", "crashes"),
    [
        pytest.param([None], [1, 0], id="killed once"),
        pytest.param([None, None], [2, 0], id="killed twice"),
        pytest.param(["interrupted", "interrupted"], [0, 0], id="interrupted twice"),
        pytest.param([None, "interrupted", None], [2, 0], id="interrupted between two kills"),
    ],
)
def test_a_trial_counts_the_sessions_that_were_killed_while_it_was_evaluated(
    store: TrialStore, ends: list[str | None], crashes: list[int]
) -> None:
    store.open_trial(0, (1, 0), 0)
    store.open_trial(1, (0, 1), 0)
    for stopped in ends:
        session = store.begin_session(12, "here", 1)
        store.start_trial(0)
        if stopped is not None:
            store.end_session(session, stopped)
    store.begin_session(13, "here", 1)
    assert [trial.crashes for trial in store.open_trials()] == crashes
    assert [trial.started for trial in store.open_trials()] == [None, None]


def test_a_trial_that_was_not_started_again_counts_no_second_crash(store: TrialStore) -> None:
    store.open_trial(0, (1, 0), 0)
    store.begin_session(12, "here", 1)
    store.start_trial(0)
    for _ in range(3):
        store.begin_session(13, "here", 1)
    assert [trial.crashes for trial in store.open_trials()] == [1]


@pytest.mark.parametrize("version", range(2, len(MIGRATIONS) + 1))
def test_readers_read_files_of_older_versions_without_changing_them(tmp_path: Path, version: int) -> None:
    file = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as old:
        old.executescript(f"{''.join(MIGRATIONS[:version])} PRAGMA user_version = {version};")
        old.execute("INSERT INTO open_trials (number, tokens, rejected) VALUES (0, '[1, 0]', 2)")
        old.commit()
    before = file.read_bytes()
    with closing(TrialStore(file, read_only=True)) as reader:
        assert reader.open_trials() == [OpenTrial(0, (1, 0), 2, None, {})]
        assert (reader.trials(), reader.best(), reader.sessions(), reader.arrivals()) == ([], None, [], [])
    assert file.read_bytes() == before


def test_a_file_of_the_first_version_is_upgraded(tmp_path: Path) -> None:
    file = tmp_path / "old.sqlite"
    with closing(sqlite3.connect(file)) as old:
        old.executescript(f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
        old.execute(
            "INSERT INTO trials VALUES (0, '[1, 0]', 'complete', 0.5, '{}', 'abc', 7, 1.5, NULL, 0, '', '', '')"
        )
        old.commit()
    with closing(TrialStore(file)) as store:
        assert store.trials() == [Trial(0, (1, 0), "complete", 0.5, {}, "abc", 7, 1.5)]
        assert store.arrivals() == [0]
        store.record(numbered(1))
        assert store.arrivals() == [0, 1]


def test_the_best_is_found_without_reading_all_trials(store: TrialStore) -> None:
    seen: list[str] = []
    store._connection.set_trace_callback(seen.append)
    store.best()
    store._connection.set_trace_callback(None)
    (plan,) = store._connection.execute(f"EXPLAIN QUERY PLAN {seen[-1]}").fetchall()
    assert "trials_by_reward" in plan["detail"]


def test_controller_updates_are_stored_by_the_number_of_trials(store: TrialStore) -> None:
    store.record_update(5, {"entropy": 1.0})
    store.record_update(10, {"entropy": 0.5})
    store.record_update(10, {"entropy": 0.25})
    assert store.updates() == {5: {"entropy": 1.0}, 10: {"entropy": 0.25}}


def test_readers_see_trials_while_a_process_writes(tmp_path: Path, store: TrialStore) -> None:
    reader = TrialStore(tmp_path / "trials.sqlite", read_only=True)
    store.record(TRIAL)
    assert reader.trials() == [TRIAL]
    with pytest.raises(NasctlError, match="readonly"):
        reader.record(numbered(1))
    reader.close()


def test_a_file_of_a_later_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    TrialStore(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    for read_only in (True, False):
        with pytest.raises(NasctlError, match="version 99"):
            TrialStore(path, read_only=read_only)


def test_a_file_that_is_not_a_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "trials.sqlite"
    path.write_bytes(b"this is not a database, however long it may be" * 100)
    with pytest.raises(NasctlError, match="not a database"):
        TrialStore(path)
    with pytest.raises(NasctlError, match="no trials at"):
        TrialStore(tmp_path / "absent.sqlite", read_only=True)


def test_recorded_trials_survive_a_killed_process(tmp_path: Path) -> None:
    code = f"""
import os, signal, dataclasses
from pathlib import Path
from nasctl.store import OpenTrial, Trial, TrialStore
store = TrialStore(Path({str(tmp_path / "trials.sqlite")!r}))
for number in range(20):
    store.record(Trial(number, (number,), "complete", float(number)))
os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], check=False, env=os.environ)
    assert killed.returncode == -signal.SIGKILL
    store = TrialStore(tmp_path / "trials.sqlite", read_only=True)
    assert [trial.number for trial in store.trials()] == list(range(20))
    store.close()
