"""Children in groups that are trained at once by one program, in this process."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Protocol

from nasctl.errors import NotFinite
from nasctl.executors.inline import failed
from nasctl.executors.job import Evaluation, Evaluator, Job, Outcome


class GroupEvaluator(Evaluator, Protocol):
    """An evaluator that can also evaluate several jobs at once."""

    def together(self, jobs: Sequence[Job]) -> Sequence[Evaluation | Exception]:
        """Evaluates jobs at once; for each what was measured, or why nothing was."""
        ...


class GroupExecutor:
    """Runs jobs in groups.

    Args:
      evaluator: Evaluates them.
      width: Jobs of a group.
    """

    def __init__(self, evaluator: GroupEvaluator, width: int) -> None:
        self._evaluator = evaluator
        self._width = width

    def run(self, jobs: Iterable[Job], evaluator: Evaluator) -> Iterator[Outcome]:
        """Yields the outcomes in the order of the jobs; those of a group share its time equally."""
        waiting = iter(jobs)
        while group := list(islice(waiting, self._width)):
            started = time.monotonic()
            results: Sequence[Evaluation | Exception]
            try:
                results = self._evaluator.together(group)
            except Exception as error:  # what stops a group stops each of it
                results = [error] * len(group)
            seconds = (time.monotonic() - started) / len(group)
            for job, result in zip(group, results, strict=True):
                if isinstance(result, Evaluation) and not math.isfinite(result.reward):
                    result = NotFinite(f"the reward is {result.reward}")
                yield (
                    failed(job, result, seconds)
                    if isinstance(result, Exception)
                    else Outcome(job, "complete", seconds, result)
                )
