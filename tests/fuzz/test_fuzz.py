"""Mutated inputs of every kind are accepted or refused with a message, within limits; a fault is found and reported."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from kinds import KINDS
from running import GOOD, Kind, attempt, make_input, memory_limit

from nasctl.errors import NasctlError

INPUTS = 150
"""Number of inputs of a kind in the quick tests, for kinds of which an input takes about a millisecond."""

FEWER = {
    "space": 110,
    "arch.json": 80,
    "run.json": 35,
    "trials.sqlite": 35,
    "rows": 35,
    "command": 60,
    "checkpoint": 40,
}
FEWER |= {
    "run.json resumed": 6,
    "rows resumed": 15,
    "controller": 15,
    "tokens": 600,
    "formula": 400,
    "settings": 600,
}
FEWER |= {"--set": 400, "duration": 1000, "json": 500}


@pytest.mark.filterwarnings("ignore")  # of libraries that read damaged files
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_no_input_ends_nasctl(kind: Kind, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    kind.make_ready()
    failures = []
    with memory_limit(kind):
        for number in range(FEWER.get(kind.name, INPUTS)):
            outcome = attempt(kind, make_input(kind, 0, number), tmp_path)
            if outcome.result not in GOOD:
                failures.append(f"{kind.name}:{number} {outcome.result} {outcome.place}")
    assert failures == [], "`python tests/fuzz --only KIND:NUMBER` shows the traceback"


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_an_input_is_always_the_same(kind: Kind) -> None:
    assert repr(make_input(kind, 3, 17)) == repr(make_input(kind, 3, 17))
    assert len({repr(make_input(kind, seed, number)) for seed in (0, 1) for number in range(20)}) > 20


def accept(value: object, folder: Path) -> None: ...


def refuse(value: object, folder: Path) -> None:
    raise NasctlError("it is too long")


def refuse_in_silence(value: object, folder: Path) -> None:
    raise NasctlError(" ")


def report_a_bug(value: object, folder: Path) -> None:
    raise NasctlError("this is a bug in nasctl: KeyError(0)")


def raise_key_error(value: object, folder: Path) -> None:
    raise KeyError(value)


def end(value: object, folder: Path) -> None:
    sys.exit(2)


def find_a_difference(value: object, folder: Path) -> None:
    raise AssertionError("formatting changes the space")


def count_for_ever(value: object, folder: Path) -> None:
    while True:
        try:
            time.process_time()
        except Exception:
            continue


def use_much_memory(value: object, folder: Path) -> None:
    bytearray(3 * 10**9)


@pytest.mark.parametrize(
    ("handle", "result"),
    [
        (accept, "accepted"),
        (refuse, "refused"),
        (refuse_in_silence, "wrong"),
        (report_a_bug, "wrong"),
        (raise_key_error, "error"),
        (end, "error"),
        (find_a_difference, "wrong"),
        (count_for_ever, "slow"),
        (use_much_memory, "memory"),
    ],
)
def test_how_an_input_ended(
    handle: Callable[[object, Path], None], result: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("running.SECONDS", 0.1)
    kind = Kind("planted", 1, Random.random, handle)
    with memory_limit(kind):
        assert attempt(kind, 0, tmp_path).result == result


def run_fuzz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(Path(__file__).parent), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=dict(os.environ), check=False)


@pytest.mark.slow
def test_the_command_counts_the_inputs_of_every_kind() -> None:
    done = run_fuzz("--inputs", "4000", "--jobs", "2", "--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    rows = {line[:18].strip(): line[18:].split() for line in done.stdout.splitlines()[1:-1]}
    assert set(rows) == {*KINDS, "all"}
    assert int(rows["all"][0].replace(",", "")) >= 4000
    assert all(int(rows[name][0]) > 0 for name in KINDS)


@pytest.mark.slow
def test_the_command_tries_one_input() -> None:
    done = run_fuzz("--only", "duration:3")
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[1].startswith(("accepted", "refused"))
