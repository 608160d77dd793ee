"""Damaged rows and pages of `trials.sqlite`, locks of other programs, and readers that change nothing."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nasctl.errors import NasctlError, WorkFailed
from nasctl.store import Trial, TrialStore, database
from nasctl.store.rows import describe_rows
from nasctl.store.schema import MIGRATIONS

TRIALS = 40


def trial(number: int) -> Trial:
    return Trial(number, (number, -1), "complete", number / 8, {"loss": 0.5}, f"{number:064}", 7, 1.5)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("whole") / "trials.sqlite"
    with closing(TrialStore(file)) as store:
        session = store.begin_session(1, "here", 1)
        for number in range(TRIALS):
            store.open_trial(number, (number, -1), 0)
            store.record(trial(number))
        store.open_trial(TRIALS, (0, 0), 0)
        store.start_trial(TRIALS)
        store.end_session(session, "done")
    return file


@pytest.fixture
def file(whole: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(whole, tmp_path))


def numbers_read(file: Path) -> list[int]:
    with closing(TrialStore(file, read_only=True, running=False)) as store:
        return [trial.number for trial in store.trials()]


DAMAGED_ROWS = [
    ("tokens = '[1, 2'", "its tokens"),
    ("tokens = ''", "its tokens"),
    ("tokens = '[1, \"two\"]'", "its tokens"),
    ("tokens = '[true]'", "its tokens"),
    ("tokens = '{}'", "its tokens"),
    ("tokens = '[' || printf('%.*c', 5000, '9') || ']'", "its tokens"),
    ("tokens = printf('%.*c', 200000, '[')", "its tokens"),
    ("metrics = 'NaN'", "its metrics"),
    ("metrics = '[]'", "its metrics"),
    ('metrics = \'{"loss": "low"}\'', "its metrics"),
    ("metrics = '{\"loss\": null}'", "its metrics"),
    ("history = '{}'", "its history"),
    ("history = '[3]'", "its history"),
    ("status = 'done'", "its status is 'done'"),
    ("status = ''", "its status is ''"),
    ("status = 'crashed'", "its status is crashed and its reward is"),
    ("reward = NULL", "its status is complete and its reward is None"),
    ("reward = 9e999", "its reward is inf"),
    ("number = -3", "negative"),
    ("rejected = -1", "negative"),
    ("cause = CAST(x'ff41' AS TEXT)", "decode"),
]


@pytest.mark.parametrize(("change", "message"), DAMAGED_ROWS, ids=[change for change, _ in DAMAGED_ROWS])
def test_a_damaged_row_is_left_out_by_readers_and_refused_by_writers(
    change: str, message: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(f"UPDATE trials SET {change} WHERE number = 17")
    expected = [number for number in range(TRIALS) if number != 17]
    assert numbers_read(file) == expected
    if "number = -3" not in change:  # which is no number of a trial
        assert "trial 17 is damaged" in caplog.text
        assert message in caplog.text
        with closing(TrialStore(file)) as store, pytest.raises(NasctlError, match="is damaged") as error:
            store.trials()
        assert str(file) in error.value.message
        assert "backup" in error.value.hint


def test_the_best_of_a_damaged_file_is_the_best_whole_trial(file: Path) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("UPDATE trials SET metrics = '' WHERE number = ?", (TRIALS - 1,))
    with closing(TrialStore(file, read_only=True)) as store:
        assert store.best() == trial(TRIALS - 2)


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE sessions SET started = 'yesterday'", "session 1 is damaged ('yesterday' is not a time)"),
        ("UPDATE sessions SET ended = '2026-01-01'", "session 1 is damaged ('2026-01-01' is not a time)"),
        ("UPDATE open_trials SET started = '0'", "open trial 40 is damaged ('0' is not a time)"),
        ("UPDATE open_trials SET tokens = 'x'", "open trial 40 is damaged (its tokens are not"),
        ("UPDATE open_trials SET last_epoch = 'x'", "open trial 40 is damaged (its last epoch are not"),
        ("UPDATE open_trials SET rejected = -1", "open trial 40 is damaged (it has negative counts)"),
    ],
)
def test_damaged_sessions_and_open_trials_are_left_out(
    statement: str, message: str, file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(statement)
    with closing(TrialStore(file, read_only=True)) as store:
        assert len(store.trials()) == TRIALS
        assert len(store.sessions()) + len(store.open_trials()) == 1
    assert caplog.text.count(f"{file}: {message}") == 1
    assert caplog.text.endswith("; the rest is shown\n")


def test_a_damaged_update_is_left_out(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    with closing(TrialStore(file)) as store:
        for seen in (5, 10):
            store.record_update(seen, {"entropy": 1.0})
    run_sql(file, "UPDATE updates SET metrics = '[]' WHERE trials_seen = 5")
    with closing(TrialStore(file, read_only=True)) as store:
        assert store.updates() == {10: {"entropy": 1.0}}
    assert "update 5 is damaged (its metrics are not stored as JSON)" in caplog.text


def test_a_damaged_row_that_a_search_asks_for_is_named(file: Path) -> None:
    run_sql(file, f"UPDATE trials SET history = '{{}}' WHERE number = {TRIALS - 1}")
    with closing(TrialStore(file)) as store:
        for ask in (
            store.best,
            lambda: store.same_architecture(f"{TRIALS - 1:064}", ["complete"], before=99),
        ):
            with pytest.raises(NasctlError, match=f"is damaged: trial {TRIALS - 1} is damaged"):
                ask()


def test_a_table_that_is_missing_is_an_error_that_names_the_file(file: Path) -> None:
    with closing(TrialStore(file, read_only=True, running=False)) as store:
        store._connection.row_factory = None
        with closing(sqlite3.connect(file)) as other:
            other.executescript("DROP TABLE trials")
        with pytest.raises(NasctlError, match="is damaged") as error:
            store.arrivals()
    assert str(file) in error.value.message


def test_a_reader_finds_the_first_of_the_largest_rewards(file: Path) -> None:
    run_sql(file, "UPDATE trials SET reward = 9.0 WHERE number IN (7, 30)")
    with closing(TrialStore(file, read_only=True)) as store:
        found = store.best()
    assert found is not None and found.number == 7


@pytest.mark.parametrize(
    ("damaged", "shown"),
    [(10, "2, 4, 6, 8, 10, 12, 14, 16, 18, 20"), (12, "2, 4, 6, 8, 10, 12, 14, 16, 18, 3 more")],
)
def test_ten_ranges_of_damaged_rows_are_named_and_of_more_how_many(damaged: int, shown: str) -> None:
    numbers = {2 * number: "odd" for number in range(1, damaged + 1)}
    assert describe_rows("trial", numbers) == f"trials {shown} are damaged (odd)"


@pytest.mark.parametrize("page", range(1, 9))
def test_a_damaged_page_costs_its_own_rows_only(page: int, file: Path) -> None:
    content = bytearray(file.read_bytes())
    size = int.from_bytes(content[16:18], "big")
    assert page * size < len(content)
    content[page * size : (page + 1) * size] = random.Random(page).randbytes(size)
    file.write_bytes(content)
    try:
        read = numbers_read(file)
    except NasctlError as error:
        assert "is damaged" in error.message
    else:
        assert len(read) > TRIALS // 3
    for function in (TrialStore.sessions, TrialStore.open_trials, TrialStore.best):
        with closing(TrialStore(file, read_only=True, running=False)) as store:
            try:
                function(store)
            except NasctlError as error:
                assert "is damaged" in error.message


def test_some_damaged_page_leaves_most_trials(file: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(b"[20, -1]")
    size = int.from_bytes(content[16:18], "big")
    content[place // size * size : (place // size + 1) * size] = bytes(size)
    file.write_bytes(content)
    read = numbers_read(file)
    assert TRIALS // 3 < len(read) < TRIALS
    lost = sorted(set(range(TRIALS)) - set(read))
    assert f"trials {lost[0]} to {lost[-1]} are damaged" in caplog.text


def test_rows_after_the_last_one_that_can_be_read_may_be_lost(
    file: Path, caplog: pytest.LogCaptureFixture
) -> None:
    content = bytearray(file.read_bytes())
    place = content.index(b"[39, -1]")
    size = int.from_bytes(content[16:18], "big")
    content[place // size * size : (place // size + 1) * size] = bytes(size)
    file.write_bytes(content)
    read = numbers_read(file)
    assert read == list(range(len(read))) and 0 < len(read) < TRIALS
    assert (
        f"trial {len(read)} is damaged (perhaps also later ones: database disk image is malformed)"
        in caplog.text
    )


UNUSABLE = {
    "missing": (lambda file: file.unlink(), "there are no trials at"),
    "empty": (lambda file: file.write_bytes(b""), "there are no trials yet"),
    "garbage": (lambda file: file.write_bytes(b"garbage" * 1000), "is damaged"),
    "half a page": (lambda file: os.truncate(file, 2000), "is damaged"),
    "one page": (lambda file: os.truncate(file, 4096), "is damaged"),
    "folder": (lambda file: (file.unlink(), file.mkdir()), "there are no trials at"),
    "pipe": (lambda file: (file.unlink(), os.mkfifo(file)), "there are no trials at"),
    "its -wal is a pipe": (lambda file: os.mkfifo(f"{file}-wal"), "is not a file"),
    "link to itself": (lambda file: (file.unlink(), file.symlink_to(file)), "there are no trials at"),
    "newer": (lambda file: run_sql(file, "PRAGMA user_version = 99"), "version 99"),
    "negative version": (lambda file: run_sql(file, "PRAGMA user_version = -1"), "version -1"),
    "no tables": (lambda file: run_sql(file, "DROP TABLE trials"), "is damaged"),
    "other tables": (
        lambda file: run_sql(file, "DROP TABLE trials; CREATE TABLE trials (number INTEGER)"),
        "is damaged",
    ),
}


def run_sql(file: Path, script: str) -> None:
    with closing(sqlite3.connect(file)) as connection:
        connection.executescript(script)


@pytest.mark.parametrize("kind", UNUSABLE)
def test_a_file_that_cannot_be_used_is_one_clear_error(kind: str, file: Path) -> None:
    damage, message = UNUSABLE[kind]
    damage(file)
    with pytest.raises(NasctlError, match=message) as error:
        numbers_read(file)
    assert error.value.exit_code == 2
    assert str(file) in error.value.message


@pytest.mark.parametrize("log", ["garbage", "truncated", "missing"])
def test_what_was_not_in_a_damaged_log_is_still_read(log: str, tmp_path: Path) -> None:
    live = tmp_path / "live.sqlite"
    with closing(TrialStore(live)) as store:
        store.record(trial(0))
        store._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        store.record(trial(1))
        for name in ("", "-wal"):
            shutil.copy(f"{live}{name}", f"{tmp_path / 'killed.sqlite'}{name}")
    killed, wal = tmp_path / "killed.sqlite", tmp_path / "killed.sqlite-wal"
    assert numbers_read(killed) == [0, 1]
    if log == "missing":
        wal.unlink()
    elif log == "truncated":
        os.truncate(wal, wal.stat().st_size // 2)
    else:
        wal.write_bytes(b"garbage" * 1000)
    assert numbers_read(killed) == [0]
    with closing(TrialStore(killed)) as store:
        assert [trial.number for trial in store.trials()] == [0]


def snapshot(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {path.name: (path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


@pytest.mark.parametrize("state", ["finished", "killed", "first version"])
def test_readers_change_nothing(state: str, file: Path, tmp_path: Path) -> None:
    if state == "killed":
        code = (
            "import os, signal; from pathlib import Path; from nasctl.store import Trial, TrialStore\n"
            f"TrialStore(Path({str(file)!r})).record(Trial({TRIALS}, (1,), 'complete', 1.0))\n"
            "os.kill(os.getpid(), signal.SIGKILL)"
        )
        subprocess.run([sys.executable, "-c", code], check=False)
        assert Path(f"{file}-wal").stat().st_size
    elif state == "first version":
        file.unlink()
        run_sql(file, f"{MIGRATIONS[0]} PRAGMA user_version = 1;")
    before = snapshot(tmp_path)
    with closing(TrialStore(file, read_only=True, running=False)) as store:
        store.trials(), store.best(), store.sessions(), store.open_trials(), store.arrivals(), store.updates()
        with pytest.raises(NasctlError, match="readonly"):
            store.record(trial(999))
    assert snapshot(tmp_path) == before


def test_readers_of_a_running_search_see_its_trials(file: Path) -> None:
    with closing(TrialStore(file)) as writer, closing(TrialStore(file, read_only=True)) as reader:
        writer.record(trial(TRIALS))
        assert reader.trials()[-1] == trial(TRIALS)


@pytest.fixture
def locked(file: Path) -> Iterator[sqlite3.Connection]:
    """The connection of another program that locks the file."""
    with closing(sqlite3.connect(file, check_same_thread=False)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield other


def test_a_writer_waits_for_another_program(
    file: Path, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_ATTEMPT", 0.01)
    warned, said = threading.Event(), []
    monkeypatch.setattr(
        database._log, "warning", lambda text, *names: (warned.set(), said.append(text % names))
    )
    release = threading.Thread(target=lambda: (warned.wait(), locked.rollback()))
    release.start()
    with closing(TrialStore(file)) as store:
        store.record(trial(TRIALS))
        assert store.trials()[-1] == trial(TRIALS)
    release.join()
    assert said == [f"{file} is locked by another program; the search waits until it is free"]


def test_a_writer_does_not_wait_for_ever(
    file: Path, locked: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "_ATTEMPT", 0.01)
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    with pytest.raises(WorkFailed, match="is locked by another program") as error:
        TrialStore(file).record(trial(TRIALS))
    assert "--resume" in error.value.hint


@pytest.mark.parametrize(
    "name", ["a?b#c%20", "[x]", "new\nline", "🦊", os.fsdecode(b"\xff"), "file:x?mode=ro"]
)
def test_any_path_can_hold_trials(name: str, tmp_path: Path) -> None:
    folder = tmp_path / name
    folder.mkdir()
    with closing(TrialStore(folder / "trials.sqlite")) as store:
        store.record(trial(0))
        for running in (True, False):
            with closing(TrialStore(folder / "trials.sqlite", read_only=True, running=running)) as reader:
                assert reader.trials() == [trial(0)]
    assert numbers_read(folder / "trials.sqlite") == [0]
