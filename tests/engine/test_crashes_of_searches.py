"""A trial whose evaluation ends the process of the search twice is recorded as crashed; the search goes on."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

import nasctl

PROGRAM = """
import os, signal, sys
import nasctl

ends, out, resumed = sys.argv[1:]

def kill(architecture):
    if architecture.tokens == (1, 1):
        {
            "abort": os.abort,
            "exit": lambda: os._exit(3),
            "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
            "interrupt": lambda: os.kill(os.getpid(), signal.SIGINT),
        }[ends]()
    return float(sum(architecture.tokens))

if resumed == "yes":
    nasctl.resume(out, kill)
else:
    nasctl.search("toy.nas", kill, trials=4, out=out, controller="random", settings={"search": {"ahead": 0}})
"""


@pytest.fixture
def toy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / "toy.nas").write_text("space choices\na in {0, 1, 2}\nb in {0, 1}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "run"


def start(ends: str, run: Path) -> int:
    """Starts or resumes a search in a process of its own, and returns its exit code."""
    resumed = "yes" if (run / "run.json").exists() else "no"
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, ends, str(run), resumed],
        capture_output=True,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    ).returncode


@pytest.mark.slow
@pytest.mark.parametrize(
    ("ends", "code"),
    [("abort", -signal.SIGABRT), ("exit", 3), ("kill", -signal.SIGKILL)],
)
def test_a_trial_that_ends_the_search_twice_has_crashed(toy: Path, ends: str, code: int) -> None:
    assert [start(ends, toy), start(ends, toy)] == [code, code]
    # a later trial of the same tokens is another trial, and may end the search again: at most twice for each
    assert 0 in (start(ends, toy) for _ in range(2 * 3 + 1))
    trials = nasctl.Run(toy).trials
    assert len(trials) == 4
    for trial in trials:
        assert trial.status == ("crashed" if trial.tokens == (1, 1) else "complete")
    (cause,) = {trial.cause for trial in trials if trial.status == "crashed"}
    assert cause == "the search crashed or was killed 2 times while this trial was evaluated"


@pytest.mark.slow
def test_a_trial_that_was_interrupted_often_is_still_evaluated(toy: Path) -> None:
    for _ in range(3):
        assert start("interrupt", toy) != 0
    nasctl.resume(toy, lambda architecture: float(sum(architecture.tokens)))
    assert {trial.status for trial in nasctl.Run(toy).trials} == {"complete"}


@pytest.mark.parametrize(("crashes", "status"), [(1, "complete"), (2, "crashed")])
def test_a_trial_that_two_killed_sessions_left_is_given_up(toy: Path, crashes: int, status: str) -> None:
    def interrupt(architecture: nasctl.Architecture) -> float:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        nasctl.search("toy.nas", interrupt, trials=2, out=toy, controller="random")
    with closing(sqlite3.connect(toy / "trials.sqlite")) as store, store:
        store.execute("UPDATE open_trials SET crashes = ?", (crashes,))
    resumed = nasctl.resume(toy, lambda architecture: 1.0)
    assert [trial.status for trial in resumed.trials] == [status, "complete"]


HANGS = """
import ctypes, os, time

def wait(architecture):
    begin()
    time.sleep(600)

def wait_in_c(architecture):
    begin()
    ctypes.PyDLL(None).sleep(600)  # holds the interpreter's lock

def begin():
    with open("new", "w") as file:
        file.write(str(os.getpid()))
    os.rename("new", "worker")
"""


@pytest.mark.parametrize(
    ("function", "number", "code"),
    [
        pytest.param("wait", signal.SIGINT, 130, id="Ctrl-C"),
        pytest.param("wait", signal.SIGKILL, -signal.SIGKILL, id="killed", marks=pytest.mark.slow),
        pytest.param("wait_in_c", signal.SIGTERM, 143, id="SIGTERM, in C", marks=pytest.mark.slow),
        pytest.param("wait_in_c", signal.SIGKILL, -signal.SIGKILL, id="killed, in C", marks=pytest.mark.slow),
    ],
)
def test_no_worker_outlives_its_search_while_its_function_hangs(
    toy: Path, function: str, number: int, code: int
) -> None:
    (toy.parent / "hangs.py").write_text(HANGS)
    search = [*("search", "toy.nas", "--evaluator", f"hangs:{function}", "--controller", "random")]
    process = subprocess.Popen(
        [sys.executable, "-m", "nasctl", *search],
        stderr=subprocess.DEVNULL,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    worker = toy.parent / "worker"
    while not worker.exists():
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(60) == code
    deadline = time.monotonic() + 10
    while Path("/proc", worker.read_text()).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
