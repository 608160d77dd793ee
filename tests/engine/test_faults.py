"""Searches and workers that are killed at any moment: no recorded trial is lost or duplicated."""

from __future__ import annotations

import os
import random
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from multiprocessing import get_context
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest

import nasctl
from nasctl.dialects import parse_space
from nasctl.engine.loop import search as loop
from nasctl.store import RunFolder

SPACE = parse_space(
    "space choices\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\nc in {0, 1, 2, 3}\nd in {0, 1, 2, 3}\n", name="toy"
)
TRIALS = 60
FORKS = get_context("forkserver")

MODULE = """
import os, time

def score(architecture):
    time.sleep(0.004)
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(f"{os.getpid()}\\n")
    return {"reward": float(sum(architecture.tokens)) + architecture.tokens[0] / 8, "first": architecture.tokens[0]}

def score_when_three_have_begun(architecture):
    scored, patience = score(architecture), time.monotonic() + 60
    while len(set(open(os.environ["CALLS"]).read().split())) < 3 and time.monotonic() < patience:
        time.sleep(0.01)
    return scored
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / "scores_of_faults.py").write_text(MODULE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLS", str(tmp_path / "calls"))
    yield tmp_path
    sys.modules.pop("scores_of_faults", None)


def settings(controller: str, **search: object) -> dict[str, dict[str, object]]:
    kept = {"kind": controller, "batch": 5}
    return {"controller": kept, "search": {"trials": TRIALS, "duplicates": "repeat", "ahead": 3, **search}}


def search(run: Path, controller: str) -> None:
    """Starts or resumes a search in the folder."""
    os.environ["CALLS"] = str(run.parent / "calls")
    loop.MAX_CRASHES = 1000  # how a trial is given up that is killed twice has tests of its own
    if (run / "run.json").exists():
        nasctl.resume(run, "scores_of_faults:score")
    else:
        nasctl.search(SPACE, "scores_of_faults:score", out=run, settings=settings(controller))


def searching(run: Path, controller: str) -> BaseProcess:
    """A search in its own process, forked from one that has only imported nasctl."""
    FORKS.set_forkserver_preload(["nasctl", "nasctl.engine"])
    process = FORKS.Process(target=search, args=(run, controller))
    process.start()
    return process


def ended(process: BaseProcess) -> int | None:
    """Waits for a process and returns its exit code."""
    process.join()
    return process.exitcode


def reported(run: Path) -> list[tuple[object, ...]]:
    """All trials, without their durations."""
    with closing(RunFolder.open(run).trials(read_only=True)) as store:
        return [(t.number, t.tokens, t.reward, t.status, t.metrics, t.seed) for t in store.trials()]


@pytest.mark.slow
@pytest.mark.parametrize(("controller", "kills"), [("random", 35), ("evolution", 15)])
def test_a_search_that_is_killed_at_random_moments_ends_as_one_that_is_not(
    controller: str, kills: int, module: Path
) -> None:
    whole = module / "whole"
    began = time.monotonic()
    assert ended(searching(whole, controller)) == 0
    took = time.monotonic() - began
    chance = random.Random(0)
    killed = 0
    runs = 0
    while killed < kills:
        runs += 1
        run = module / f"killed-{runs}"
        known: list[tuple[object, ...]] = []
        while len(known) < TRIALS:
            process = searching(run, controller)
            if killed < kills:
                time.sleep(chance.uniform(0.0, 0.3) * took)
                process.kill()
            killed += ended(process) == -signal.SIGKILL
            if (run / "trials.sqlite").exists():
                with closing(sqlite3.connect(run / "trials.sqlite")) as database:
                    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
                    begun = database.execute("PRAGMA user_version").fetchone() != (0,)
                now = reported(run) if begun else []
                assert now[: len(known)] == known
                known = now
        assert ended(searching(run, controller)) == 0
        assert reported(run) == reported(whole)
        with closing(RunFolder.open(run).trials(read_only=True)) as store:
            assert store.open_trials() == []
    assert killed == kills


@pytest.mark.slow
def test_workers_that_are_killed_cost_nothing(module: Path) -> None:
    plain = nasctl.search(SPACE, "scores_of_faults:score", out=module / "plain", settings=settings("random"))
    killed: list[int] = []
    done = threading.Event()

    def kill_now_and_then() -> None:
        chance = random.Random(1)
        while not done.is_set():
            calls = (module / "calls").read_text().split() if (module / "calls").exists() else []
            at_work = set(map(int, calls[-4:])) - {os.getpid(), *killed}
            if at_work and len(killed) < 8:
                victim = chance.choice(sorted(at_work))
                killed.append(victim)
                os.kill(victim, signal.SIGKILL)
            time.sleep(0.05)

    (module / "calls").unlink()
    killer = threading.Thread(target=kill_now_and_then)
    killer.start()
    try:
        run = nasctl.search(
            SPACE,
            "scores_of_faults:score",
            out=module / "run",
            settings=settings("random", executor="local", workers=2),
        )
    finally:
        done.set()
        killer.join()
    assert len(killed) >= 4
    assert reported(run.folder) == reported(plain.folder)
    assert all(trial.status == "complete" for trial in run.trials)


def test_the_number_of_workers_does_not_decide_the_trials(module: Path) -> None:
    def run(name: str, function: str, **search: object) -> nasctl.Run:
        evaluator = f"scores_of_faults:{function}"
        return nasctl.search(SPACE, evaluator, out=module / name, settings=settings("evolution", **search))

    alone = run("alone", "score")
    # a worker that is ready late, on a busy machine, would find nothing left to do
    together = run("together", "score_when_three_have_begun", executor="local", workers=2)
    assert len(set((module / "calls").read_text().split())) == 3
    assert reported(together.folder) == reported(alone.folder)


def test_trials_of_an_asynchronous_search_are_each_there_once(module: Path) -> None:
    run = nasctl.search(
        SPACE,
        "scores_of_faults:score",
        out=module / "run",
        settings=settings("evolution", executor="local", workers=2, updates="asynchronous"),
    )
    assert Counter(trial.number for trial in run.trials) == Counter(range(TRIALS))
    again = nasctl.resume(run.folder, "scores_of_faults:score", budget={"trials": TRIALS + 10})
    assert [trial.number for trial in again.trials] == list(range(TRIALS + 10))


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of its own, of 1 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if sys.platform != "linux" or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a file system")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


def command(folder: Path, out: Path, *more: str) -> subprocess.CompletedProcess[str]:
    (folder / "toy.nas").write_text(SPACE.source)
    begun = "--resume" in more
    how = [] if begun else ["--controller", "random", "--set", "search.duplicates=repeat"]
    return subprocess.run(
        [
            *(sys.executable, "-m", "nasctl", "search", "toy.nas", "--evaluator", "scores_of_faults:score"),
            *("--out", str(out), *how, *more),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.slow
def test_a_disk_that_fills_up_ends_the_search_with_all_that_was_reported(
    module: Path, small_disk: Path
) -> None:
    run = small_disk / "run"
    full = command(module, run, "--trials", "3000")
    assert full.returncode == 1, full.stderr
    assert "error: the disk is full" in full.stderr
    assert "--resume" in full.stderr
    assert "Traceback" not in full.stderr
    with closing(sqlite3.connect(run / "trials.sqlite")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    known = reported(run)
    assert len(known) > 10
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    more = command(module, run, "--resume", "--trials", str(len(known) + 20))
    assert more.returncode == 0, more.stderr
    assert reported(run)[: len(known)] == known
    assert [row[0] for row in reported(run)] == list(range(len(known) + 20))


@pytest.mark.slow
def test_a_run_folder_that_cannot_be_written_is_said_so(module: Path, small_disk: Path) -> None:
    assert command(module, small_disk / "run", "--trials", "3").returncode == 0
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    for out, more in ((small_disk / "run", ["--resume", "--trials", "5"]), (small_disk / "new", [])):
        refused = command(module, out, *more)
        assert refused.returncode == 2, refused.stderr
        assert "cannot be written" in refused.stderr
        assert "Traceback" not in refused.stderr
    assert len(reported(small_disk / "run")) == 3
