"""Runs side by side, at equal numbers of trials."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from nasctl.engine.run import Run
from nasctl.errors import NasctlError
from nasctl.store import RunFolder

METRICS = ("accuracy", "perplexity")


@dataclass(frozen=True)
class Standing:
    """How one run stands.

    Attributes:
      run: Its folder.
      controller: Who proposed.
      dataset: What its children were trained on.
      trials: Its trials, failed ones included.
      best: The largest reward of all.
      metric: What was measured beside the reward, where anything was: `accuracy` or `perplexity`.
      measured: That measure of the best trial on the validation split.
      params: Parameters of the best trial's network, where it has one.
      best_so_far: The largest reward after each of the numbers of trials that are compared; None before the first.
      mean: The mean reward of the trials up to each of them.
    """

    run: str
    controller: str
    dataset: str | None
    trials: int
    best: float | None
    metric: str
    measured: float | None
    params: float | None
    best_so_far: tuple[float | None, ...]
    mean: tuple[float | None, ...]


def compare_runs(runs: Sequence[Run]) -> tuple[tuple[int, ...], list[Standing]]:
    """The numbers of trials at which runs are compared, and how each stands.

    Raises:
      NasctlError: A run has no trials.
    """
    for run in runs:
        if not run.trials:
            raise NasctlError(f"{run.folder} has no trials yet")
    numbers = milestones(min(len(run.trials) for run in runs))
    return numbers, [_standing(run, numbers) for run in runs]


def milestones(most: int) -> tuple[int, ...]:
    """A few numbers of trials up to the largest that all runs have.

    >>> milestones(24), milestones(300), milestones(2)
    ((10, 24), (10, 30, 100, 300), (2,))
    """
    below = [number for power in range(1, 7) for number in (10**power, 3 * 10**power) if number < most]
    spread = [number for number in below if number <= most / 2]
    return (*spread, most)


def _standing(run: Run, numbers: Sequence[int]) -> Standing:
    facts = RunFolder.open(run.folder).facts()
    best = run.best
    metrics = best.metrics if best else {}
    metric = next((name for name in METRICS if f"validation_{name}" in metrics), "")
    upto = [[t.reward for t in run.trials[:number] if t.reward is not None] for number in numbers]
    return Standing(
        run=str(run.folder),
        controller=facts["config"]["controller"]["kind"] if "controller" in facts["config"] else "",
        dataset=facts["dataset"],
        trials=len(run.trials),
        best=best.reward if best else None,
        metric=metric,
        measured=metrics.get(f"validation_{metric}"),
        params=metrics.get("params"),
        best_so_far=tuple(max(rewards, default=None) for rewards in upto),
        mean=tuple(fmean(rewards) if rewards else None for rewards in upto),
    )
