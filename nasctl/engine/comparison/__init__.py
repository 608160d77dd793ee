"""Comparisons: runs of several searchers side by side, and known networks as baselines."""

from nasctl.engine.comparison.baselines import BaselineResult, train_baselines
from nasctl.engine.comparison.runs import comparison_runs
from nasctl.engine.comparison.summaries import (
    Interval,
    RunGroup,
    RunSummary,
    check_different,
    compare_runs,
    differences,
    group_runs,
)

__all__ = [
    "BaselineResult",
    "Interval",
    "RunGroup",
    "RunSummary",
    "check_different",
    "compare_runs",
    "comparison_runs",
    "differences",
    "group_runs",
    "train_baselines",
]
