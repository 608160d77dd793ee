import math
from pathlib import Path

import numpy as np
import pytest
import scipy.stats

from nasctl.dialects import parse_space
from nasctl.engine import Run, search
from nasctl.engine.comparison import comparison_runs
from nasctl.engine.comparison.summaries import Interval, compare_runs, differences, group_runs, interval
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


@pytest.mark.parametrize(
    ("settings", "different"),
    [
        ({"search": {"trials": 4, "max_failures": 3}}, []),
        ({"search": {"reward": "reward * 2"}}, ["search.reward"]),
        ({"search": {"duplicates": "repeat"}}, ["search.duplicates"]),
    ],
)
def test_runs_whose_rewards_mean_different_things_are_not_averaged(
    settings: dict[str, dict[str, object]], different: list[str], tmp_path: Path
) -> None:
    runs = [
        search(
            PLAIN,
            lambda a: float(sum(a.tokens)),
            controller="random",
            trials=3,
            out=tmp_path / name,
            settings=own,
        )
        for name, own in (("one", {}), ("two", settings))
    ]
    _, summaries = compare_runs(runs)
    assert differences(summaries) == different
    assert len(group_runs(summaries)) == (2 if different else 1)


def test_runs_of_one_searcher_are_put_together_with_a_confidence_interval(tmp_path: Path) -> None:
    def evaluate(architecture):
        return float(sum(architecture.tokens))

    runs = list(comparison_runs(PLAIN, ["random", "local"], 3, tmp_path, trials=5, evaluate=evaluate))
    assert [run.folder.name for run in runs] == [
        f"{controller}-{seed}" for seed in range(3) for controller in ("random", "local")
    ]
    numbers, summaries = compare_runs(runs)
    groups = group_runs(summaries)
    assert numbers == (5,)
    assert sorted((group.controller, group.seeds) for group in groups) == [("local", 3), ("random", 3)]
    assert groups[0].best_so_far[-1].mean >= groups[1].best_so_far[-1].mean
    for group in groups:
        best = np.array([s.best_so_far[0] for s in summaries if s.controller == group.controller])
        found = group.best_so_far[0]
        assert found.mean == pytest.approx(best.mean())
        low, high = (
            scipy.stats.t.interval(0.95, 2, best.mean(), scipy.stats.sem(best)) if best.std() else (0, 0)
        )
        assert 2 * found.half == pytest.approx(high - low)


def test_a_comparison_goes_on_where_it_stopped(tmp_path: Path) -> None:
    calls = []

    def evaluate(architecture):
        calls.append(architecture)
        return float(sum(architecture.tokens))

    settings = {"search": {"duplicates": "repeat"}}
    first = list(
        comparison_runs(PLAIN, ["random"], 1, tmp_path, trials=3, evaluate=evaluate, settings=settings)
    )
    again = list(
        comparison_runs(PLAIN, ["random"], 2, tmp_path, trials=5, evaluate=evaluate, settings=settings)
    )
    assert len(calls) == 3 + 2 + 5
    assert [len(run.trials) for run in again] == [5, 5]
    assert again[0].folder == first[0].folder


def test_a_single_seed_has_no_interval_and_a_missing_value_no_mean() -> None:
    assert interval([0.5]) == Interval(0.5, None)
    assert interval([0.5, None]) is None


@pytest.mark.parametrize(
    ("rewards", "mean"),
    [
        ([1.7e308, 1.7e308, 1.7e308], 1.7e308),
        ([1e308, -1e308], 0.0),
        ([1e-320, 1e-320], 1e-320),
        ([0.0, 0.0], 0.0),
        ([1e200, 3e200], 2e200),
    ],
)
def test_the_mean_of_any_finite_rewards_is_finite(rewards: list[float], mean: float) -> None:
    found = interval(rewards)
    assert found is not None
    assert found.mean == pytest.approx(mean, rel=1e-15, abs=0)
    assert found.half is not None
    assert not math.isnan(found.half)


def test_a_run_that_is_given_twice_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = rewarded(tmp_path, "run", 2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NasctlError, match="is given 2 times"):
        compare_runs([run, Run(Path("run"))])
