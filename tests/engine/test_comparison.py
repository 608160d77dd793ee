from pathlib import Path

import pytest

from nasctl.dialects import parse_space
from nasctl.engine import Run, search
from nasctl.engine.comparison import compare_runs
from nasctl.errors import NasctlError

PLAIN = parse_space("space choices\np0 in {0, 1, 2}\np1 in {0, 1, 2}\n", name="plain")


def rewarded(tmp_path: Path, name: str, trials: int) -> Run:
    def evaluate(architecture):
        return {"reward": 1.0 + sum(architecture.tokens), "validation_accuracy": sum(architecture.tokens) / 4}

    return search(PLAIN, evaluate, controller="random", trials=trials, out=tmp_path / name)


def test_runs_are_compared_at_the_numbers_of_trials_that_all_have(tmp_path: Path) -> None:
    short, long = rewarded(tmp_path, "short", 6), rewarded(tmp_path, "long", 40)
    numbers, (first, second) = compare_runs([short, long])
    assert numbers == (6,)
    rewards = [trial.reward for trial in long.trials]
    assert second.best_so_far == (max(rewards[:6]),)
    assert second.mean == (pytest.approx(sum(rewards[:6]) / 6),)
    assert second.best == max(rewards)
    assert (first.trials, first.controller, first.metric) == (6, "random", "accuracy")
    assert first.measured == (first.best - 1) / 4


def test_a_run_without_trials_cannot_be_compared(tmp_path: Path) -> None:
    run = rewarded(tmp_path, "run", 2)
    (run.folder / "trials.sqlite").unlink()
    with pytest.raises(NasctlError):
        compare_runs([Run(run.folder)])
