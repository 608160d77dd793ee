"""Summaries of runs, compared at equal numbers of trials."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from statistics import fmean, stdev
from typing import Any

from nasctl.config import ControllerConfig
from nasctl.engine.run import Run
from nasctl.errors import NasctlError
from nasctl.metrics import main_metric
from nasctl.store import RunFolder


@dataclass(frozen=True)
class RunSummary:
    """The summary of a run.

    Attributes:
      run: The run folder.
      space: Name and hash of the space.
      controller: The controller, with the settings that differ from their defaults.
      dataset: Name of the data set.
      conditions: What rewards depend on besides the space and the controller, by name: the data set, the function, the
        formula of the reward, the settings of the training.
      trials: Number of trials, including failed ones.
      best: The largest reward.
      metric: The name of the main metric of its best trial; empty where it has none.
      measured: The main metric of the best trial on the validation split.
      params: Number of parameters of the best network, if there are networks.
      best_so_far: For each compared number of trials, the largest reward so far; None before the first reward.
      mean: For each compared number of trials, the mean reward so far.
    """

    run: str
    space: str
    controller: str
    dataset: str | None
    conditions: Mapping[str, object]
    trials: int
    best: float | None
    metric: str
    measured: float | None
    params: float | None
    best_so_far: tuple[float | None, ...]
    mean: tuple[float | None, ...]


@dataclass(frozen=True)
class Interval:
    """A mean over seeds, with its confidence interval.

    Attributes:
      mean: The mean.
      half: Half the width of its 95 % confidence interval by Student's t distribution; None for a single seed.
    """

    mean: float
    half: float | None


@dataclass(frozen=True)
class RunGroup:
    """Runs of one controller on one space under the same conditions, which differ in their seeds.

    Attributes:
      controller: The controller, with the settings that differ from their defaults.
      dataset: Name of the data set.
      seeds: Number of runs.
      best_so_far: For each compared number of trials, the largest reward so far, averaged over the seeds; None where a
        run has no reward yet.
      mean: The mean reward up to the last compared number of trials, averaged over the seeds.
    """

    controller: str
    dataset: str | None
    seeds: int
    best_so_far: tuple[Interval | None, ...]
    mean: Interval | None


def group_runs(summaries: Sequence[RunSummary]) -> list[RunGroup]:
    """Groups runs by controller, space and conditions; the group with the largest final reward comes first."""
    members: dict[tuple[str, str, str], list[RunSummary]] = {}
    for summary in summaries:
        key = (summary.controller, summary.space, repr(sorted(summary.conditions.items())))
        members.setdefault(key, []).append(summary)
    groups = [
        RunGroup(
            controller=controller,
            dataset=runs[0].dataset,
            seeds=len(runs),
            best_so_far=tuple(map(interval, zip(*(run.best_so_far for run in runs), strict=True))),
            mean=interval([run.mean[-1] for run in runs]),
        )
        for (controller, _, _), runs in members.items()
    ]
    return sorted(groups, key=lambda group: -_last(group))


def differences(summaries: Sequence[RunSummary]) -> list[str]:
    """The names of the conditions in which runs differ, so that their rewards cannot be compared."""
    if not summaries:
        return []
    names = dict.fromkeys(name for summary in summaries for name in summary.conditions)
    different = [
        name for name in names if len({repr(summary.conditions.get(name)) for summary in summaries}) > 1
    ]
    return [*(["space"] if len({summary.space for summary in summaries}) > 1 else []), *different]


def interval(values: Sequence[float | None]) -> Interval | None:
    """The mean of values, with its 95 % confidence interval; None if a value is missing.

    >>> interval([1.0, 2.0, 3.0])
    Interval(mean=2.0, half=2.48...)
    """
    numbers = [value for value in values if value is not None]
    if len(numbers) < len(values):
        return None
    if len(numbers) == 1:
        return Interval(numbers[0], None)
    from scipy.stats import t

    width = float(t.ppf(0.975, len(numbers) - 1))
    scaled, exponent = _scaled(numbers)
    half = width * stdev(scaled) / math.sqrt(len(scaled))
    try:
        return Interval(_mean(numbers), math.ldexp(half, exponent))
    except OverflowError:
        return Interval(_mean(numbers), math.inf)


def _mean(numbers: Sequence[float]) -> float:
    scaled, exponent = _scaled(numbers)
    return math.ldexp(fmean(scaled), exponent)


def _scaled(numbers: Sequence[float]) -> tuple[list[float], int]:
    """Numbers divided by a power of two, so that their sum and their squares do not overflow, and its exponent."""
    _, exponent = math.frexp(max(map(abs, numbers)))
    return [math.ldexp(number, -exponent) for number in numbers], exponent


def _last(group: RunGroup) -> float:
    last = group.best_so_far[-1]
    return -math.inf if last is None else last.mean


def compare_runs(runs: Sequence[Run]) -> tuple[tuple[int, ...], list[RunSummary]]:
    """The numbers of trials at which runs are compared, and the summary of each run.

    Raises:
      NasctlError: A run has no trials, or is given twice.
    """
    check_different("the run", [str(run.folder.resolve()) for run in runs])
    for run in runs:
        if not run.trials:
            raise NasctlError(f"{run.folder} has no trials yet")
    numbers = milestones(min(len(run.trials) for run in runs))
    return numbers, [_summary(run, numbers) for run in runs]


def check_different(kind: str, names: Sequence[str]) -> None:
    """Refuses a name that is given twice: it would count as two measurements.

    Args:
      kind: What the names stand for, as in "the run".
      names: The names.
    """
    for name, count in Counter(names).items():
        if count > 1:
            raise NasctlError(f"{kind} {name} is given {count} times", hint="name it once")


def milestones(most: int) -> tuple[int, ...]:
    """Numbers of trials at which to compare, up to the largest number that all runs have.

    >>> milestones(24), milestones(300), milestones(2)
    ((10, 24), (10, 30, 100, 300), (2,))
    """
    below = [number for power in range(1, 7) for number in (10**power, 3 * 10**power) if number < most]
    spread = [number for number in below if number <= most / 2]
    return (*spread, most)


def _summary(run: Run, numbers: Sequence[int]) -> RunSummary:
    metadata = RunFolder.open(run.folder).metadata()
    best = run.best
    metrics = best.metrics if best else {}
    main = main_metric(metrics, "validation")
    metric = "" if main is None else main.name
    upto = [[t.reward for t in run.trials[:number] if t.reward is not None] for number in numbers]
    return RunSummary(
        run=str(run.folder),
        space=f"{metadata['space']} {metadata['space_hash']}",
        controller=_searcher(metadata["config"].get("controller", {})),
        dataset=metadata["dataset"],
        conditions=_conditions(metadata),
        trials=len(run.trials),
        best=best.reward if best else None,
        metric=metric,
        measured=metrics.get(f"validation_{metric}"),
        params=metrics.get("params"),
        best_so_far=tuple(max(rewards, default=None) for rewards in upto),
        mean=tuple(_mean(rewards) if rewards else None for rewards in upto),
    )


def _conditions(metadata: Mapping[str, Any]) -> dict[str, object]:
    search, training = (metadata["config"].get(section, {}) for section in ("search", "training"))
    trained = metadata["evaluator"] is None and metadata["dataset"] is not None
    return {
        "data set": metadata["dataset_digest"] or metadata["dataset"],
        "evaluator": metadata["evaluator"],
        **{f"search.{name}": search.get(name) for name in ("reward", "halving", "duplicates")},
        **{f"training.{name}": value for name, value in training.items() if trained},
    }


def _searcher(settings: Mapping[str, object]) -> str:
    """The kind of a controller, and its settings that differ from their defaults.

    >>> _searcher({"kind": "reinforce", "preset": "paper"}), _searcher({"kind": "random", "batch": 4})
    ('reinforce, preset paper', 'random, batch 4')
    """
    usual = asdict(ControllerConfig())
    changed = [
        f"{name} {value}" for name, value in settings.items() if name != "kind" and value != usual.get(name)
    ]
    return ", ".join([str(settings.get("kind", usual["kind"])), *changed])
