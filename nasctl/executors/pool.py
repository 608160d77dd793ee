"""Children in a pool of workers: processes on this machine, or actors of a cluster."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from functools import partial
from typing import Generic, Protocol, TypeVar

from nasctl.errors import WorkFailed
from nasctl.executors.job import ExecutionListener, Job, Outcome
from nasctl.executors.messages import Message, read_outcome
from nasctl.executors.worker_handle import WorkerExit, WorkerHandle, WorkerLost
from nasctl.files.json_text import read_measures

HandleT = TypeVar("HandleT", bound=WorkerHandle)

MAX_FAILED_STARTS = 3
"""Workers in a row that may exit before they are ready. More than one may, as when a node of a cluster goes down."""

CHECK_EVERY = 1.0
"""Longest time in seconds between two checks of the time limit of children."""


class WorkerBackend(Protocol[HandleT]):
    """Starts and stops the workers of a pool.

    Attributes:
      size: Number of workers.
    """

    size: int

    def start(self, index: int) -> HandleT:
        """Starts the worker with the given index."""
        ...

    def wait(self, workers: Sequence[HandleT], seconds: float | None) -> None:
        """Waits until a worker has sent a message or has exited, or the time is up."""
        ...

    def stop(self, workers: Sequence[HandleT]) -> None:
        """Stops all workers."""
        ...


class PoolExecutor(Generic[HandleT]):
    """Runs jobs on workers that stay for the whole search.

    A worker that exits is replaced, and the job that it was evaluating is run once more. A worker whose child exceeds
    its limit of time or memory is replaced too, but the job is not run again.

    Args:
      backend: Starts and stops the workers.
      ahead: Jobs that each worker prepares while it evaluates another.
      seconds: Longest wall-clock time of one evaluation; 0 for no limit.
    """

    def __init__(self, backend: WorkerBackend[HandleT], *, ahead: int = 0, seconds: float = 0.0) -> None:
        self.capacity = backend.size * (1 + ahead)
        self._backend = backend
        self._ahead = ahead
        self._limit = seconds
        self._waiting: deque[Job] = deque()
        self._lost_before: set[int] = set()
        self._unclaimed: list[tuple[HandleT, int]] = []
        self._failed_starts = 0
        self._workers = [backend.start(index) for index in range(backend.size)]

    def submit(self, job: Job) -> None:
        """Adds a job; it waits for a worker."""
        self._waiting.append(job)

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Waits for outcomes, and returns them in the order in which jobs end."""
        for worker, number in self._unclaimed:
            worker.forget(number)
        self._unclaimed.clear()
        deadline = None if seconds is None else time.monotonic() + seconds
        outcomes: list[Outcome] = []
        while not outcomes and (self._waiting or any(worker.jobs for worker in self._workers)):
            self._assign()
            seconds_left = None if deadline is None else deadline - time.monotonic()
            if seconds_left is not None and seconds_left <= 0:
                break
            self._backend.wait(self._workers, self._until_next_check(seconds_left))
            for index in range(len(self._workers)):
                outcomes += self._poll(index, listener)
        return outcomes

    def close(self) -> None:
        """Stops all workers, and drops the jobs that are waiting."""
        self._backend.stop(self._workers)
        self._waiting.clear()

    def _assign(self) -> None:
        """Sends waiting jobs to the workers that have the fewest."""
        while self._waiting:
            worker = min((h for h in self._workers if h.ready), key=lambda h: len(h.jobs), default=None)
            if worker is None or len(worker.jobs) > self._ahead:
                return
            worker.submit(self._waiting.popleft())

    def _until_next_check(self, seconds: float | None) -> float | None:
        """Longest time to wait: until the next child reaches its time limit."""
        if not self._limit:
            return seconds
        left = [self._limit - worker.elapsed() for worker in self._workers if worker.current is not None]
        return max(0.0, min([CHECK_EVERY, *left, *([] if seconds is None else [seconds])]))

    def _poll(self, index: int, listener: ExecutionListener) -> list[Outcome]:
        worker = self._workers[index]
        try:
            outcomes = [o for message in worker.receive() for o in self._handle(worker, message, listener)]
        except WorkerLost:
            return self._replace(index)
        if self._limit and worker.current is not None and worker.elapsed() >= self._limit:
            outcomes.append(self._time_out(index))
        return outcomes

    def _handle(self, worker: HandleT, message: Message, listener: ExecutionListener) -> list[Outcome]:
        match message["kind"]:
            case "ready":
                worker.ready = True
                self._failed_starts = 0
            case "unusable":
                raise worker.error(message, "a worker cannot start")
            case "started":
                worker.begin(message["number"])
                listener.job_started(worker.jobs[message["number"]])
            case "epoch":
                listener.epoch_finished(worker.jobs[message["number"]], read_measures(message["record"]))
            case "outcome":
                worker.current = None
                job = worker.jobs.pop(message["number"])
                outcome = read_outcome(message, job, partial(worker.save, job.number))
                if outcome.evaluation is not None and outcome.evaluation.save is not None:
                    self._unclaimed.append((worker, job.number))
                return [outcome]
        return []

    def _time_out(self, index: int) -> Outcome:
        """Stops a worker whose child has reached its time limit."""
        worker = self._workers[index]
        assert worker.current is not None
        job, took = worker.jobs.pop(worker.current), worker.elapsed()
        worker.stop()
        self._renew(index)
        cause = f"it took longer than {self._limit:g} s (search.child_seconds)"
        return Outcome(job, "timed_out", took, cause=cause)

    def _replace(self, index: int) -> list[Outcome]:
        """Replaces a worker that has exited; its job is run again or is recorded as failed."""
        worker = self._workers[index]
        job = worker.jobs.pop(worker.current) if worker.current is not None else None
        took = worker.elapsed()
        exited = worker.stop()
        self._failed_starts += not worker.ready
        if self._failed_starts >= MAX_FAILED_STARTS:
            raise WorkFailed(
                f"a worker exited before it was ready ({exited.reason})",
                hint=f"its output is in {worker.log}",
            )
        self._renew(index)
        if job is None:
            return []
        if not exited.final and job.number not in self._lost_before:
            self._lost_before.add(job.number)
            self._waiting.appendleft(job)
            return []
        return [Outcome(job, exited.status, took, cause=_cause(exited))]

    def _renew(self, index: int) -> None:
        """Starts a new worker instead of an old one; the jobs of the old one wait for any worker."""
        self._waiting.extendleft(reversed(self._workers[index].jobs.values()))
        self._workers[index] = self._backend.start(index)


def _cause(exited: WorkerExit) -> str:
    return exited.reason if exited.final else f"its worker exited twice ({exited.reason})"
