"""Children in this process, one after the other; the next one compiles while this one trains."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial

from nasctl.executors.job import Evaluation, Evaluator, ExecutionListener, Job, OnEpoch, Outcome, finish


class InlineExecutor:
    """Runs jobs in the calling process and thread, in their order.

    A crash of the interpreter ends the search with the child; everything short of that is an outcome.

    Args:
      evaluator: Evaluates them.
    """

    capacity = 2  # one trains, one compiles

    def __init__(self, evaluator: Evaluator) -> None:
        self._evaluator = evaluator
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: deque[tuple[Job, Future[Callable[[OnEpoch], Evaluation]]]] = deque()

    def submit(self, job: Job) -> None:
        """Begins to prepare a job."""
        self._jobs.append((job, self._preparing.submit(self._evaluator.prepare, job)))

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Runs the next job to its end, however long it takes."""
        if not self._jobs:
            return []
        job, preparation = self._jobs.popleft()
        listener.job_started(job)
        return [finish(job, preparation, partial(listener.epoch_finished, job))]

    def close(self) -> None:
        """Lets what is being prepared end and forgets it."""
        self._preparing.shutdown(wait=True, cancel_futures=True)
