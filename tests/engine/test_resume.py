"""What may change when a run is resumed, through `nasctl.resume` and the command line alike."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nasctl
from nasctl.cli.main import app
from nasctl.config import SECTIONS
from nasctl.engine.resumption import resumed_config
from nasctl.errors import NasctlError
from nasctl.settings import may_change
from nasctl.space import Space
from nasctl.store import RunFolder

EVALUATOR = "scores_of_resume:score"
REFUSED = [
    ({"search": {"ahead": 3}}, "search.ahead cannot change in a run that is resumed"),
    ({"search": {"updates": "asynchronous"}}, "search.updates cannot change"),
    ({"search": {"duplicates": "repeat"}}, "search.duplicates cannot change"),
    ({"search": {"halving": 2}}, "search.halving cannot change"),
    ({"search": {"reward": "reward * 2"}}, "search.reward cannot change"),
    ({"search": {"children_per_device": 3}}, "search.children_per_device cannot change"),
    ({"controller": {"batch": 2}}, "controller.batch cannot change"),
    ({"training": {"epochs": 2}}, "training.epochs cannot change"),
    (
        {"search": {"trials": 6, "halving": 2}, "training": {"batch": 8}},
        "search.halving, training.batch cannot",
    ),
    ({"search": {"trial": 6}}, "search has no setting `trial`"),
    ({"search": {"trials": "many"}}, "search.trials must be a whole number, not `many`"),
    ({"searching": {"trials": 6}}, "there is no section `searching` of settings"),
]
ACCEPTED = [
    {"search": {"trials": 6}},
    {"search": {"trials": 6, "seconds": 60, "max_failures": 3, "executor": "inline", "workers": 1}},
    {"search": {"trials": 6, "epochs": 10, "child_seconds": 5, "child_gigabytes": 4, "ray_address": "here"}},
]


@pytest.fixture
def run(space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A run of four trials whose evaluator is found by name."""
    (tmp_path / "scores_of_resume.py").write_text(
        "def score(architecture):\n    return sum(architecture.tokens)\n"
    )
    monkeypatch.chdir(tmp_path)
    Path("toy.nas").write_text(space.source)
    settings = {"controller": {"kind": "random", "batch": 4}}
    yield nasctl.search("toy.nas", EVALUATOR, trials=4, out=tmp_path / "run", settings=settings).folder


def resume_from_the_command_line(
    run: Path, settings: dict[str, dict[str, object]], evaluator: str | None = EVALUATOR
) -> None:
    options = [
        f"--set={section}.{key}={value}" for section, keys in settings.items() for key, value in keys.items()
    ]
    named = [] if evaluator is None else ["--evaluator", evaluator]
    result = CliRunner().invoke(app, ["search", "toy.nas", "--resume", "--out", str(run), *named, *options])
    if result.exception is not None:
        raise result.exception


def resume_from_python(
    run: Path, settings: dict[str, dict[str, object]], evaluator: str | None = EVALUATOR
) -> None:
    nasctl.resume(run, evaluator, settings=settings)


WAYS = pytest.mark.parametrize("resume", [resume_from_python, resume_from_the_command_line])


@WAYS
def test_what_decides_the_trials_is_refused_with_the_same_error(run: Path, resume) -> None:
    before = (run / "run.json").read_bytes()
    for settings, message in REFUSED:
        with pytest.raises(NasctlError) as error:
            resume(run, settings)
        assert error.value.message.startswith(message)
        with pytest.raises(NasctlError) as expected:
            resume_from_python(run, settings)
        assert (error.value.message, error.value.hint) == (expected.value.message, expected.value.hint)
    assert (run / "run.json").read_bytes() == before
    assert len(nasctl.Run(run).trials) == 4


@WAYS
def test_budgets_workers_and_limits_may_change(run: Path, resume) -> None:
    for settings in ACCEPTED:
        resume(run, settings)
    assert len(nasctl.Run(run).trials) == 6
    recorded = json.loads((run / "run.json").read_text())["config"]["search"]
    assert (recorded["seconds"], recorded["child_seconds"], recorded["trials"]) == (60, 5, 6)


def test_a_budget_is_checked_like_any_setting(run: Path) -> None:
    with pytest.raises(NasctlError, match="search.halving cannot change"):
        nasctl.resume(run, budget={"trials": 6, "halving": 2})


@WAYS
def test_settings_that_are_those_of_the_run_are_accepted(run: Path, resume) -> None:
    same = {"search": {"trials": 5, "halving": 0}, "controller": {"kind": "random", "batch": 4}}
    resume(run, {**same, "training": {"epochs": 5}})
    assert len(nasctl.Run(run).trials) == 5


def test_a_run_of_a_function_is_not_continued_by_training(space: Space, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.nas").write_text(space.source)

    def score(architecture: nasctl.Architecture) -> float:
        return sum(architecture.tokens)

    settings = {"controller": {"kind": "random"}}
    run = nasctl.search("toy.nas", score, trials=2, out=tmp_path / "run", settings=settings).folder
    for resume in (resume_from_python, resume_from_the_command_line):
        with pytest.raises(NasctlError, match="a function of a Python program") as error:
            resume(run, {"search": {"trials": 3}}, None)
        assert "--evaluator" in error.value.hint
    assert len(nasctl.resume(run, score, budget={"trials": 3}).trials) == 3


def test_a_setting_decides_the_trials_unless_it_says_otherwise() -> None:
    changing = {
        f"{section}.{item.name}"
        for section, schema in SECTIONS.items()
        for item in fields(schema)
        if may_change(section, item.name)
    }
    assert changing == {
        *(f"search.{name}" for name in ("trials", "seconds", "epochs", "max_failures", "executor")),
        *(f"search.{name}" for name in ("workers", "ray_address", "child_seconds", "child_gigabytes")),
        "search.memory_gigabytes",
    }


def test_a_run_whose_group_ignored_settings_goes_on_without_them(run: Path) -> None:
    document = json.loads((run / "run.json").read_text())
    document["config"]["search"] |= {
        "executor": "inline",
        "children_per_device": 3,
        "halving": 2,
        "child_seconds": 1.0,
    }
    (run / "run.json").write_text(json.dumps(document))
    assert len(nasctl.resume(run, EVALUATOR, budget={"trials": 5}).trials) == 5
    assert json.loads((run / "run.json").read_text())["config"]["search"]["halving"] == 0


def test_a_run_without_a_group_keeps_its_limits(run: Path) -> None:
    document = json.loads((run / "run.json").read_text())
    document["config"]["search"] |= {"executor": "inline", "children_per_device": 0, "child_seconds": 9.0}
    (run / "run.json").write_text(json.dumps(document))
    assert resumed_config(RunFolder.open(run)).search.child_seconds == 9.0


@pytest.mark.parametrize("executor", ["local", "inline"])
def test_the_evaluator_that_a_run_names_is_not_imported_unless_it_is_given_again(
    run: Path, tmp_path: Path, executor: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "stranger", raising=False)  # another test has imported its own
    document = json.loads((run / "run.json").read_text())
    document["evaluator"] = "stranger:score"
    document["config"]["search"]["executor"] = executor
    (run / "run.json").write_text(json.dumps(document))
    (tmp_path / "stranger.py").write_text("open('imported', 'w')\ndef score(architecture):\n    return 0.0\n")
    for resume in (resume_from_python, resume_from_the_command_line):
        with pytest.raises(NasctlError, match="stranger:score, which is not imported unless") as error:
            resume(run, {"search": {"trials": 6}}, None)
        assert error.value.hint.endswith(f"--resume --out {run} --evaluator stranger:score")
        with pytest.raises(NasctlError, match="came from --evaluator stranger:score, not from"):
            resume(run, {"search": {"trials": 6}})
    assert not (tmp_path / "imported").exists()
    assert len(nasctl.Run(run).trials) == 4
    resume_from_python(run, {"search": {"trials": 6}}, "stranger:score")
    assert (tmp_path / "imported").exists()
    assert len(nasctl.Run(run).trials) == 6
