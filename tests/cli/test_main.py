"""Exit codes, messages without tracebacks, and interrupts of `nasctl`, as a process where that is the point."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from nasctl.errors import NasctlError
from nasctl.store import TrialStore

Command = Callable[..., "subprocess.CompletedProcess[str]"]
CHOICES = "space choices\n\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\n"
SLOW_SCORE = """\
import time

def score(architecture):
    time.sleep(0.05)
    return float(sum(architecture.tokens))
"""


def nasctl(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "toy.nas").write_text(CHOICES)
    (tmp_path / "slow.py").write_text(SLOW_SCORE)
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["search", "absent.nas"], "absent.nas"),
        (["search", "toy.nas"], "--evaluator"),
        (["search", "toy.nas", "--evaluator", "slow"], "MODULE:FUNCTION"),
        (["search", "toy.nas", "--evaluator", "absent:score"], "cannot be imported"),
        (["search", "toy.nas", "--evaluator", "slow:absent"], "no function absent"),
        (["search", "toy.nas", "--set", "training.epoch=3"], "`epochs`"),
        (["search", "toy.nas", "--set", "epochs=3"], "SECTION.KEY=VALUE"),
        (["search", "toy.nas", "--set", "training.epochs="], "must be a whole number"),
        (["trials", "runs/toy", "--top", "-1"], "--top"),
        (["compare", "toy.nas", "--controllers", "random,random"], "the controller random is given 2 times"),
        (["search", "toy.nas", "--time", "soon"], "for example 90s, 10m or 1h30m"),
        (["search", "toy.nas", "--resume"], "no run of toy"),
        (["search", "toy.nas", "--controller", "genius"], "reinforce, random"),
        (["search", "spaces/cnn.nas", "--dataset", "digts"], "digits"),
        (["trials", "nowhere"], "does not exist"),
        (["trials", "."], "is not the folder of a run"),
        (["render", "nowhere.json"], "the file nowhere.json does not exist"),
        (["train", "."], "contains no architecture"),
        (["eval", "--checkpoint", "nowhere"], "the checkpoint nowhere does not exist"),
        (["eval"], "no checkpoint is named"),
        (["eval", "one", "--checkpoint", "other"], "two checkpoints are named: one, and other"),
        (["search", "toy.nas", "--out", ""], "the name of a folder is empty"),
        (["search", "toy.nas", "--examples", "2.5"], "data.examples cannot be 2.5"),
        (["describe", "toy.nas", "--image-size", "64"], "--image-size needs a data set"),
        (["compare", "runs/toy", "--seeds", "2"], "--seeds cannot be used when runs are compared"),
        (["serach"], "No such command"),
    ],
    ids=" ".join,
)
def test_invalid_input_is_reported_in_one_message_with_exit_code_2(
    arguments: list[str], message: str, folder: Path, in_process: Command
) -> None:
    refused_with(message, in_process(*arguments), folder)


def test_a_process_that_refuses_its_input_has_exit_code_2(folder: Path) -> None:
    refused_with("absent.nas", nasctl("search", "absent.nas", cwd=folder), folder)


def refused_with(message: str, done: subprocess.CompletedProcess[str], folder: Path) -> None:
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""
    assert {path.name for path in folder.iterdir()} <= {"toy.nas", "slow.py", "__pycache__"}


def test_a_search_with_a_function_prints_its_best_trial_as_json(folder: Path, in_process: Command) -> None:
    arguments = ("search", "toy.nas", "--evaluator", "slow:score", "--controller", "random", "--trials", "6")
    done = nasctl(*arguments, "--json", cwd=folder)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["trials"] == 6
    assert found["run"] == "runs/toy"
    listed = [json.loads(line) for line in in_process("trials", "runs/toy", "--json").stdout.splitlines()]
    assert [trial["number"] for trial in listed] == list(range(6))
    assert found["best"]["reward"] == max(trial["reward"] for trial in listed)
    assert {"number", "tokens", "reward", "status", "metrics"} <= set(listed[0])


def test_a_search_of_plain_choices_prints_the_best_values_and_commands_that_work(
    folder: Path, in_process: Command
) -> None:
    arguments = ("search", "toy.nas", "--evaluator", "slow:score", "--controller", "random", "--trials", "3")
    done = in_process(*arguments, "--executor", "inline")
    assert done.returncode == 0, done.stderr
    values = json.loads((folder / "runs/toy/best/arch.json").read_text())["values"]
    assert " ".join(f"{name}={value}" for name, value in values.items()) in done.stdout
    assert "nasctl trials runs/toy" in done.stdout
    assert "nasctl render" not in done.stdout  # there is no network to draw


def test_a_search_that_fails_ends_with_exit_code_1(folder: Path, in_process: Command) -> None:
    (folder / "broken.py").write_text("def score(architecture):\n    raise OSError('no simulator')\n")
    search = ("search", "toy.nas", "--evaluator", "broken:score", "--controller", "random")
    done = in_process(*search, "--executor", "inline")
    assert done.returncode == 1
    assert "no simulator" in done.stderr
    assert "Traceback" not in done.stderr
    listed = in_process("trials", "runs/toy", "--json").stdout.splitlines()
    assert "in score" in json.loads(listed[0])["traceback"]


def test_an_interrupt_ends_with_exit_code_130_and_says_how_to_resume(
    folder: Path, in_process: Command
) -> None:
    common = ["search", "toy.nas", "--evaluator", "slow:score", "--controller", "random"]
    common += ["--set", "search.duplicates=repeat"]
    running = subprocess.Popen(
        [sys.executable, "-m", "nasctl", *common, "--trials", "1000"],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(
            signal.SIGINT, signal.SIG_DFL
        ),  # as in a terminal, wherever the tests run
    )
    wait_for_trials(folder / "runs" / "toy" / "trials.sqlite", 2, running)
    running.send_signal(signal.SIGINT)
    _, stderr = running.communicate(timeout=30)
    assert running.returncode == 130
    assert "nasctl search toy.nas --resume --out runs/toy --evaluator slow:score" in stderr
    assert "Traceback" not in stderr
    kept = len(in_process("trials", "runs/toy", "--json").stdout.splitlines())
    assert kept > 0
    again = ["--resume", "--out", "runs/toy", "--evaluator", "slow:score"]
    done = in_process("search", "toy.nas", *again, "--executor", "inline", "--trials", str(kept + 3))
    assert done.returncode == 0, done.stderr
    assert len(in_process("trials", "runs/toy", "--json").stdout.splitlines()) == kept + 3


def wait_for_trials(database: Path, count: int, running: subprocess.Popen[bytes]) -> int:
    """Waits until a run has at least `count` trials, and returns their number."""
    while running.poll() is None:
        if database.exists():
            try:
                with closing(TrialStore(database, read_only=True)) as store:
                    found = len(store.trials())
            except NasctlError:  # the store is not complete yet
                found = 0
            if found >= count:
                return found
        time.sleep(0.02)
    raise AssertionError("the search ended before it was killed")


@pytest.mark.slow
def test_a_killed_search_resumes_with_the_trials_of_an_uninterrupted_one(folder: Path) -> None:
    common = ["search", "toy.nas", "--evaluator", "slow:score", "--trials", "60"]
    common += ["--set", "search.duplicates=repeat"]
    assert nasctl(*common, "--out", "whole", cwd=folder).returncode == 0
    again = ["search", "toy.nas", "--resume", "--out", "cut", "--evaluator", "slow:score"]
    reached = -1
    for arguments in ([*common, "--out", "cut"], again, again):
        running = subprocess.Popen([sys.executable, "-m", "nasctl", *arguments], cwd=folder)
        reached = wait_for_trials(folder / "cut" / "trials.sqlite", reached + 7, running)
        running.kill()
        running.wait(timeout=30)
    assert 0 < reached < 60
    assert nasctl(*again, cwd=folder).returncode == 0

    def listed(run: str) -> list[tuple[int, list[int], float]]:
        lines = nasctl("trials", run, "--json", cwd=folder).stdout.splitlines()
        return [(trial["number"], trial["tokens"], trial["reward"]) for trial in map(json.loads, lines)]

    assert listed("cut") == listed("whole")
    assert len(listed("whole")) == 60


def test_a_closed_pipe_is_not_an_error(folder: Path, in_process: Command) -> None:
    search = ("search", "toy.nas", "--evaluator", "slow:score", "--controller", "random", "--trials", "5")
    in_process(*search, "--executor", "inline")
    piped = subprocess.run(
        f"{sys.executable} -m nasctl trials runs/toy --json | head -1",
        shell=True,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    assert len(piped.stdout.splitlines()) == 1
    assert "Traceback" not in piped.stderr
