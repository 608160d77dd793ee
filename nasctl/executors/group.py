"""Children in groups: one program in this process trains all children of a group at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Protocol

from nasctl.executors.job import Evaluation, ExecutionListener, Job, Outcome, completed, failed
from nasctl.metrics import EpochMetrics


class GroupEvaluator(Protocol):
    """An evaluator of several jobs at once."""

    def evaluate(
        self, jobs: Sequence[Job], on_epoch: Callable[[Job, EpochMetrics], None]
    ) -> Sequence[Evaluation | Exception]:
        """Evaluates all jobs at once and returns the evaluation of each, or the error that it ended with."""
        ...


class GroupExecutor:
    """Runs jobs in groups.

    Args:
      evaluator: Evaluates a group of jobs.
      width: Jobs in a group.
    """

    def __init__(self, evaluator: GroupEvaluator, width: int) -> None:
        self.capacity = width
        self._evaluator = evaluator
        self._waiting: list[Job] = []

    def submit(self, job: Job) -> None:
        """Adds a job to a group."""
        self._waiting.append(job)

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Evaluates one group; every job is charged an equal share of its time."""
        group, self._waiting = self._waiting[: self.capacity], self._waiting[self.capacity :]
        if not group:
            return []
        for job in group:
            listener.job_started(job)
        started = time.monotonic()
        results: Sequence[Evaluation | Exception]
        try:
            results = self._evaluator.evaluate(group, listener.epoch_finished)
        except Exception as error:  # an error of the group is the outcome of each of its jobs
            results = [error] * len(group)
        seconds = (time.monotonic() - started) / len(group)
        return [
            failed(job, result, seconds) if isinstance(result, Exception) else completed(job, result, seconds)
            for job, result in zip(group, results, strict=True)
        ]

    def close(self) -> None:
        """Drops the jobs that are waiting."""
        self._waiting.clear()
