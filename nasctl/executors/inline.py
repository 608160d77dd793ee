"""Children in this process, one after the other: while one trains, the next one is compiled."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from nasctl.executors.job import (
    Evaluation,
    Evaluator,
    ExecutionListener,
    Job,
    OnEpoch,
    Outcome,
    finish,
    prepared,
)


class InlineExecutor:
    """Runs jobs in the calling process and thread, in the order in which they are submitted.

    An error of a child becomes its outcome, but a crash of the interpreter ends the search.

    Args:
      evaluator: Evaluates the jobs.
    """

    capacity = 2  # one trains, one compiles

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: deque[tuple[Job, Future[Callable[[OnEpoch], Evaluation]]]] = deque()

    def submit(self, job: Job) -> None:
        """Adds a job, and starts to prepare it in a thread if that takes time."""
        if self._evaluator.prepares:
            self._jobs.append((job, self._preparing.submit(self._evaluator.prepare, job)))
        else:
            self._jobs.append((job, prepared(self._evaluator, job)))

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Runs the next job to its end; `seconds` has no effect."""
        if not self._jobs:
            return []
        job, preparation = self._jobs.popleft()
        listener.job_started(job)
        return [finish(job, preparation, partial(listener.epoch_finished, job))]

    def close(self) -> None:
        """Waits for the preparation in progress, and drops all jobs."""
        self._preparing.shutdown(wait=True, cancel_futures=True)
