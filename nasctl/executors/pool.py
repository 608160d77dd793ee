"""Children in a pool of workers: processes of this machine, or actors of a cluster."""

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

HandleT = TypeVar("HandleT", bound=WorkerHandle)

PATIENCE = 3
"""Workers in a row that end before they are ready, as those of a machine that goes, after which the search ends."""

LOOK_EVERY = 1.0
"""Seconds between two looks at the clock while children have a limit of time."""


class WorkerBackend(Protocol[HandleT]):
    """Where the workers of a pool come from.

    Attributes:
      size: How many there are.
    """

    size: int

    def start(self, place: int) -> HandleT:
        """Starts the worker of a place."""
        ...

    def wait(self, workers: Sequence[HandleT], seconds: float | None) -> None:
        """Waits until one of them has something to say, or is gone, or the time is over."""
        ...

    def stop(self, workers: Sequence[HandleT]) -> None:
        """Ends them all."""
        ...


class PoolExecutor(Generic[HandleT]):
    """Runs jobs on workers, each of which is ready before its first job and stays.

    A worker that is lost is replaced, and the job that it was at is run once more. A child that takes more than it may
    costs its worker too, and is not run again.

    Args:
      backend: Where the workers come from.
      ahead: Jobs that each worker has beside the one that it evaluates, to prepare them meanwhile.
      seconds: Wall-clock time that one evaluation may take; 0 for no limit.
    """

    def __init__(self, backend: WorkerBackend[HandleT], *, ahead: int = 0, seconds: float = 0.0) -> None:
        self.capacity = backend.size * (1 + ahead)
        self._backend = backend
        self._ahead = ahead
        self._limit = seconds
        self._waiting: deque[Job] = deque()
        self._lost_before: set[int] = set()
        self._unclaimed: list[tuple[HandleT, int]] = []
        self._stillborn = 0
        self._workers = [backend.start(place) for place in range(backend.size)]

    def submit(self, job: Job) -> None:
        """Takes a job on; it waits for a worker."""
        self._waiting.append(job)

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Outcomes in the order in which they come."""
        for worker, number in self._unclaimed:
            worker.forget(number)
        self._unclaimed.clear()
        until = None if seconds is None else time.monotonic() + seconds
        outcomes: list[Outcome] = []
        while not outcomes and (self._waiting or any(worker.jobs for worker in self._workers)):
            self._hand_out()
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                break
            self._backend.wait(self._workers, self._until_next_look(left))
            for place in range(len(self._workers)):
                outcomes += self._look_at(place, listener)
        return outcomes

    def close(self) -> None:
        """Ends all workers."""
        self._backend.stop(self._workers)
        self._waiting.clear()

    def _hand_out(self) -> None:
        """Gives waiting jobs to the workers that have the fewest."""
        while self._waiting:
            worker = min((h for h in self._workers if h.ready), key=lambda h: len(h.jobs), default=None)
            if worker is None or len(worker.jobs) > self._ahead:
                return
            worker.submit(self._waiting.popleft())

    def _until_next_look(self, seconds: float | None) -> float | None:
        """How long to sleep at most: until a child has had its time."""
        if not self._limit:
            return seconds
        dues = [self._limit - worker.elapsed() for worker in self._workers if worker.current is not None]
        return max(0.0, min([LOOK_EVERY, *dues, *([] if seconds is None else [seconds])]))

    def _look_at(self, place: int, listener: ExecutionListener) -> list[Outcome]:
        worker = self._workers[place]
        try:
            outcomes = [o for message in worker.receive() for o in self._hear(worker, message, listener)]
        except WorkerLost:
            return self._replace(place)
        if self._limit and worker.current is not None and worker.elapsed() >= self._limit:
            outcomes.append(self._stop(place))
        return outcomes

    def _hear(self, worker: HandleT, message: Message, listener: ExecutionListener) -> list[Outcome]:
        match message["kind"]:
            case "ready":
                worker.ready = True
                self._stillborn = 0
            case "unusable":
                raise worker.error(message, "a worker cannot begin")
            case "started":
                worker.begin(message["number"])
                listener.job_started(worker.jobs[message["number"]])
            case "epoch":
                listener.epoch_finished(worker.jobs[message["number"]], message["record"])
            case "outcome":
                worker.current = None
                job = worker.jobs.pop(message["number"])
                self._unclaimed.append((worker, job.number))
                return [read_outcome(message, job, partial(worker.save, job.number))]
        return []

    def _stop(self, place: int) -> Outcome:
        """Ends a worker whose child has had its time."""
        worker = self._workers[place]
        assert worker.current is not None
        job, took = worker.jobs.pop(worker.current), worker.elapsed()
        worker.stop()
        self._renew(place)
        cause = f"it took longer than {self._limit:g} s (search.child_seconds)"
        return Outcome(job, "timed_out", took, cause=cause)

    def _replace(self, place: int) -> list[Outcome]:
        """Puts a new worker in the place of one that is gone; its job is run again, or has failed."""
        worker = self._workers[place]
        job = worker.jobs.pop(worker.current) if worker.current is not None else None
        took = worker.elapsed()
        ending = worker.stop()
        self._stillborn += not worker.ready
        if self._stillborn >= PATIENCE:
            raise WorkFailed(
                f"a worker ended before it was ready ({ending.words})",
                hint=f"what it printed is in {worker.log}",
            )
        self._renew(place)
        if job is None:
            return []
        if not ending.final and job.number not in self._lost_before:
            self._lost_before.add(job.number)
            self._waiting.appendleft(job)
            return []
        return [Outcome(job, ending.status, took, cause=_cause(ending))]

    def _renew(self, place: int) -> None:
        """Starts another worker; the jobs that waited for the old one wait for any."""
        self._waiting.extendleft(reversed(self._workers[place].jobs.values()))
        self._workers[place] = self._backend.start(place)


def _cause(ending: WorkerExit) -> str:
    return ending.words if ending.final else f"its worker ended twice ({ending.words})"
