"""A search of recurrent cells from end to end. Those of images have each command in its own process."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from nasctl.cli.main import app

SPACE = """
space rnn
input text
cell tree {
  base 2
  combine in {add, elem_mult}
  activation in {tanh, sigmoid}
  inject { combine in {add} activation in {tanh} }
}
stack 1
share embedding
hidden for 400 params
output language_model
training { epochs 2 batch 4 optimiser adam learning_rate 0.01 weight_decay 0 clip 1 }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("text")
    random = np.random.default_rng(0)
    (folder / "letters").mkdir()
    for split, count in (("train", 400), ("valid", 80), ("test", 80)):
        words = random.choice(list("abcdef"), count, p=[0.5, 0.2, 0.1, 0.1, 0.05, 0.05])
        lines = [" ".join(words[start : start + 8]) for start in range(0, count, 8)]
        (folder / "letters" / f"{split}.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (folder / "small.nas").write_text(SPACE, encoding="utf-8")
    search = ["search", "small.nas", "--dataset", "letters", "--trials", "4", "--controller", "random"]
    nasctl([*search, "--out", "run", "--executor", "inline", "--json"], folder)
    return folder


def nasctl(arguments: list[str], folder: Path) -> str:
    """The output of a command that works."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def answer(arguments: list[str], folder: Path):
    return [json.loads(line) for line in nasctl([*arguments, "--json"], folder).splitlines()]


def test_a_trial_has_a_perplexity_and_a_reward_that_depends_on_it(folder: Path) -> None:
    trials = answer(["trials", "run"], folder)
    assert [trial["status"] for trial in trials] == ["complete"] * 4
    for trial in trials:
        assert trial["reward"] >= 80 / trial["metrics"]["validation_perplexity"] ** 2 * (1 - 1e-12)
    assert "perplexity" in nasctl(["trials", "run"], folder)


def test_eval_has_exactly_the_same_result(folder: Path) -> None:
    best = max(answer(["trials", "run"], folder), key=lambda trial: trial["reward"])
    (measured,) = answer(["eval", "--checkpoint", "run", "--split", "validation"], folder)
    assert measured["perplexity"] == best["metrics"]["validation_perplexity"]
    assert (measured["split"], measured["examples"]) == ("validation", 90)


@pytest.mark.slow
def test_compare_lists_the_baselines(folder: Path) -> None:
    (compared,) = answer(["compare", "run", "--baselines"], folder)
    assert compared["at_trials"] == [4]
    params = compared["runs"][0]["params"]
    known = {measured["name"]: measured for measured in compared["baselines"]}
    assert set(known) == {"vanilla RNN", "GRU", "LSTM"}
    assert all(0.7 * params < measured["params"] <= params for measured in known.values())
    assert all(1 < measured["validation"] < 10 for measured in known.values())


@pytest.mark.slow
def test_several_children_at_once(folder: Path) -> None:
    search = ["search", "small.nas", "--dataset", "letters", "--trials", "4", "--controller", "random"]
    (found,) = answer([*search, "--children-per-device", "3", "--out", "together"], folder)
    assert found["trials"] == 4
    alone, together = (answer(["trials", run], folder) for run in ("run", "together"))
    for one, other in zip(alone, together, strict=True):
        assert one["tokens"] == other["tokens"]
        assert one["reward"] == pytest.approx(other["reward"], rel=1e-3)
    assert answer(["eval", "--checkpoint", "together"], folder)[0]["perplexity"] > 1
