"""Every file of a run, damaged in every way: each command works, or says in one message what is damaged.

Readers change nothing. A search that is resumed has the trials that it would have had, or changes nothing.
"""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nasctl
from nasctl import training
from nasctl.cli.main import app
from nasctl.config import TrainingConfig
from nasctl.dsl.files import find_space
from nasctl.errors import NasctlError, WorkFailed
from nasctl.store import RunFolder
from nasctl.tasks import make_task
from nasctl.training.weights import split_network

MODULE = "scores_of_damaged_runs"
TRIALS = 6


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("home")
    (folder / f"{MODULE}.py").write_text(
        "def score(architecture):\n    return float(sum(architecture.tokens))\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.syspath_prepend(folder)
        yield folder
    sys.modules.pop(MODULE, None)


@pytest.fixture(scope="module")
def whole(home: Path) -> Path:
    """A run with two states of its controller, and with a checkpoint of its best network, which is not trained."""
    shutil.copy(find_space("spaces/tiny.nas"), "tiny.nas")
    settings = {"controller": {"kind": "local"}, "search": {"ahead": 0, "executor": "inline"}}
    run = nasctl.search("tiny.nas", f"{MODULE}:score", trials=2, out="whole", settings=settings).folder
    nasctl.resume(run, f"{MODULE}:score", budget={"trials": 3})
    task = make_task("digits")
    architecture = nasctl.Architecture.load(run)
    _, weights = split_network(architecture.build(task.signature))
    document = architecture.document()
    training.save_checkpoint(
        run / "best" / "checkpoint", weights, document=document, task=task, config=TrainingConfig()
    )
    (run / "logs").mkdir(exist_ok=True)
    (run / "logs" / "worker-0.log").write_text("a line\n")
    return home / run


@pytest.fixture(scope="module")
def resumed(whole: Path, home: Path) -> list[object]:
    """The trials of the run after it was resumed undamaged."""
    shutil.copytree(whole, home / "resumed")
    return trials(nasctl.resume("resumed", f"{MODULE}:score", budget={"trials": TRIALS}).folder)


@pytest.fixture
def run(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the run. Nothing is trained or measured."""

    def train_child(*_: object, **__: object) -> None:
        raise WorkFailed("the training begins")

    monkeypatch.setattr(training, "train_child", train_child)
    monkeypatch.setattr(training, "evaluate", lambda *_, **__: {"accuracy": 0.5})
    shutil.copytree(whole, tmp_path / "run")
    return tmp_path / "run"


def trials(run: Path) -> list[object]:
    store = RunFolder.open(run).trials(read_only=True)
    return [(trial.number, trial.tokens, trial.reward, trial.status) for trial in store.trials()]


def content(folder: Path) -> dict[str, object]:
    """All files of a folder, without those that SQLite and the lock may create."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in sorted(folder.rglob("*"))
        if not path.name.startswith(("lock", "trials.sqlite-"))
    }


def flip(path: Path) -> None:
    whole = bytearray(path.read_bytes())
    for place in random.Random(0).choices(range(len(whole)), k=3) if whole else ():
        whole[place] ^= 0x81
    path.write_bytes(whole)


def replaced(make: Callable[[Path], object]) -> Callable[[Path], object]:
    def damage(path: Path) -> None:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        make(path)

    return damage


def moved_behind_a_link(path: Path) -> None:
    elsewhere = path.parent.parent / f"elsewhere-{path.name}"
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": replaced(lambda path: None),
    "empty": replaced(Path.touch),
    "truncated": lambda path: os.truncate(path, path.stat().st_size * 2 // 3),
    "flipped": flip,
    "garbage": lambda path: path.write_bytes(random.Random(0).randbytes(3000)),
    "folder": replaced(Path.mkdir),
    "pipe": replaced(os.mkfifo),
    "unreadable": replaced(lambda path: path.symlink_to(path)),
    "link": moved_behind_a_link,
    "nested": lambda path: path.write_text("[" * 100_000),
    "digits": lambda path: path.write_text('{"version": ' + "9" * 5000 + "}"),
    "list": lambda path: path.write_text("[]"),
    "object": lambda path: path.write_text("{}"),
    "numbers": lambda path: path.write_text(
        '{"version": 1, "format": 1e999, "space": NaN, "config": -1, "files": 3}'
    ),
}
SPECIAL = {"folder", "pipe", "unreadable", "link"}

TRAINING_BEGINS = 1
RESUME = "search"
COMMANDS: dict[str, list[str]] = {
    "status": ["status", "RUN"],
    "status --json": ["status", "RUN", "--json"],
    "trials": ["trials", "RUN"],
    "trials --json": ["trials", "RUN", "--json"],
    "compare": ["compare", "RUN"],
    "render": ["render", "RUN"],
    "train": ["train", "RUN", "--out", "OUT"],
    "eval": ["eval", "--checkpoint", "RUN"],
    RESUME: [
        *("search", "tiny.nas", "--resume", "--out", "RUN", "--trials", str(TRIALS)),
        *("--evaluator", f"{MODULE}:score"),
    ],
}
NEEDED: dict[str, set[str]] = {
    "run.json": {"status", "status --json", "compare", "train", RESUME},
    "space.nas": {RESUME},
    "trials.sqlite": {"status", "status --json", "trials", "trials --json", "compare", RESUME},
    "lock": set(),
    "logs/worker-0.log": set(),
    "controller": set(),
    "controller/2.npz": set(),
    "controller/3.npz": set(),
    "best/arch.json": {"render", "train"},
    "best/checkpoint/arch.json": {"eval"},
    "best/checkpoint/checkpoint.json": {"eval"},
    "best/checkpoint/weights.npz": {"eval"},
}
"""For each file, the commands that may fail if it is damaged."""

QUICK = {("run.json", "folder"), *((file, "truncated") for file in NEEDED)}
CASES = [
    pytest.param(
        file, damage, id=f"{file}-{damage}", marks=[] if (file, damage) in QUICK else [pytest.mark.slow]
    )
    for file in NEEDED
    for damage in DAMAGES
    if file != "controller" or damage in ("missing", *SPECIAL)
]


def may_fail(command: str, file: str, damage: str) -> bool:
    if file == "run.json" and damage == "missing":  # it is no longer a run
        return command not in ("render", "train")
    if damage in SPECIAL and command == RESUME:
        return file not in ("controller/2.npz", "controller/3.npz", "logs/worker-0.log") or damage != "folder"
    return command in NEEDED[file]


@pytest.mark.parametrize(("file", "damage"), CASES)
def test_each_command_works_or_names_what_is_damaged(
    file: str, damage: str, run: Path, resumed: list[object], tmp_path: Path
) -> None:
    DAMAGES[damage](run / file)
    before = content(run)
    for command, arguments in COMMANDS.items():
        places = {"RUN": str(run), "OUT": str(tmp_path / "out")}
        result = CliRunner().invoke(app, [places.get(argument, argument) for argument in arguments])
        error = result.exception
        if isinstance(error, NasctlError):
            code = error.exit_code
            assert "\n" not in error.message or "error" in error.message
            assert str(run) in error.message or command == "train", (command, error.message)
        else:
            assert error is None or isinstance(error, SystemExit), (command, repr(error))
            code = result.exit_code
        works = TRAINING_BEGINS if command == "train" else 0
        assert code == works or (code == 2 and may_fail(command, file, damage)), (command, code, error)
        if command != RESUME or code == 2:
            assert content(run) == before, command
        elif file != "trials.sqlite":
            assert trials(run) == resumed


def test_a_clock_that_is_set_back_shows_no_negative_ages(run: Path) -> None:
    with closing(sqlite3.connect(run / "trials.sqlite")) as database, database:
        database.execute(
            "UPDATE sessions SET started = '2098-01-01T00:00:00Z', ended = '2099-01-01T00:00:00Z'"
        )
    shown = CliRunner().invoke(app, ["status", str(run)]).stdout
    assert "stopped 0 s ago" in shown
