"""Children in a pool of worker processes on this machine."""

from __future__ import annotations

import signal
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing.connection import wait as wait_for
from pathlib import Path

from nasctl.errors import WorkFailed
from nasctl.executors.job import ExecutionListener, Job, Outcome
from nasctl.executors.messages import OUT_OF_MEMORY, Message, read_outcome
from nasctl.executors.worker_process import WorkerLost, WorkerProcess, error_of
from nasctl.executors.workplace import Recipe
from nasctl.store import Status

_FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""Signals by which a process ends itself."""


@dataclass(frozen=True)
class Limits:
    """What a child may use.

    Attributes:
      seconds: Wall-clock time of one evaluation; 0 for no limit.
      gigabytes: Memory of its worker process; 0 for no limit.
    """

    seconds: float = 0.0
    gigabytes: float = 0.0


class LocalExecutor:
    """Runs jobs in worker processes, each of which is ready before its first job and stays.

    A worker that is lost is replaced, and the job that it was at is run once more. A child that takes more than it may
    costs its worker too, and is not run again.

    Args:
      recipe: How a worker makes what it evaluates jobs with.
      environments: One for each worker: variables that are laid over those of this process.
      ahead: Jobs that each worker has beside the one that it evaluates, to prepare them meanwhile.
      limits: Of each child.
      logs: Folder of the workers' logs.
    """

    def __init__(
        self,
        recipe: Recipe,
        environments: Sequence[Mapping[str, str]],
        *,
        logs: Path,
        ahead: int = 0,
        limits: Limits | None = None,
    ) -> None:
        self.capacity = len(environments) * (1 + ahead)
        self._recipe = recipe
        self._environments = environments
        self._ahead = ahead
        self._limits = limits or Limits()
        self._logs = logs
        self._waiting: deque[Job] = deque()
        self._lost_before: set[int] = set()
        self._unclaimed: list[tuple[WorkerProcess, int]] = []
        logs.mkdir(parents=True, exist_ok=True)
        self._workers = [self._start(place) for place in range(len(environments))]

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
            self._sleep(left)
            for place, worker in enumerate(self._workers):
                try:
                    for message in worker.messages():
                        outcomes += self._hear(worker, message, listener)
                except WorkerLost:
                    outcomes += self._replace(place)
                else:
                    outcomes += self._stop_overdue(place)
        return outcomes

    def close(self) -> None:
        """Ends all workers."""
        for worker in self._workers:
            worker.connection.close()  # all of them notice at once
        for worker in self._workers:
            worker.end()
        self._waiting.clear()

    def _start(self, place: int) -> WorkerProcess:
        return WorkerProcess.start(
            self._recipe,
            environment=self._environments[place],
            gigabytes=self._limits.gigabytes,
            log=self._logs / f"worker-{place}.log",
        )

    def _hand_out(self) -> None:
        """Gives waiting jobs to the workers that have the fewest."""
        while self._waiting:
            worker = min((w for w in self._workers if w.ready), key=lambda w: len(w.jobs), default=None)
            if worker is None or len(worker.jobs) > self._ahead:
                return
            worker.give(self._waiting.popleft())

    def _sleep(self, seconds: float | None) -> None:
        """Waits for a message, the end of a worker or of a child's time."""
        if any(worker.inbox for worker in self._workers):
            return
        if self._limits.seconds:
            dues = [self._limits.seconds - w.took() for w in self._workers if w.started is not None]
            seconds = max(0.0, min([*dues, *([] if seconds is None else [seconds])], default=1.0))
        wait_for([worker.connection for worker in self._workers], seconds)

    def _hear(self, worker: WorkerProcess, message: Message, listener: ExecutionListener) -> list[Outcome]:
        match message["kind"]:
            case "ready":
                worker.ready = True
            case "unusable":
                raise error_of(message, "a worker process cannot begin", worker.log)
            case "started":
                worker.started, worker.current = time.monotonic(), message["number"]
                listener.job_started(worker.jobs[message["number"]])
            case "epoch":
                listener.epoch_finished(worker.jobs[message["number"]], message["record"])
            case "outcome":
                worker.started = worker.current = None
                job = worker.jobs.pop(message["number"])
                self._unclaimed.append((worker, job.number))
                return [read_outcome(message, job, partial(worker.save, job.number))]
        return []

    def _stop_overdue(self, place: int) -> list[Outcome]:
        """Ends a worker whose child has had its time."""
        worker = self._workers[place]
        limit = self._limits.seconds
        if not limit or worker.current is None or worker.took() < limit:
            return []
        job = worker.jobs.pop(worker.current)
        took = worker.took()
        worker.process.kill()
        self._renew(place)
        return [_failure(job, "timed_out", took, f"it took longer than {limit:g} s (search.child_seconds)")]

    def _replace(self, place: int) -> list[Outcome]:
        """Puts a new worker in the place of one that is gone; its job is run again, or has failed."""
        worker = self._workers[place]
        job = worker.jobs.pop(worker.current) if worker.current is not None else None
        took, was_ready, log = worker.took(), worker.ready, worker.log
        code = self._renew(place, again=was_ready)
        if not was_ready:
            raise WorkFailed(
                f"a worker process ended before it was ready ({_ending(code)})", hint=f"its log is {log}"
            )
        if job is None:
            return []
        if code == OUT_OF_MEMORY:
            limit = self._limits.gigabytes
            cause = f"it used more than {limit:g} GB of memory (search.child_gigabytes)"
            return [_failure(job, "out_of_memory", took, cause)]
        if job.number not in self._lost_before:
            self._lost_before.add(job.number)
            self._waiting.appendleft(job)
            return []
        status: Status = "crashed" if -code in _FAULTS else "lost"
        cause = f"its worker process ended twice ({_ending(code)})"
        if code == -signal.SIGKILL:
            cause += "; a system that is short of memory ends processes so"
        return [_failure(job, status, took, cause)]

    def _renew(self, place: int, *, again: bool = True) -> int:
        """Ends a worker, starts another and gives back the jobs that waited for it; returns the exit code."""
        worker = self._workers[place]
        code = worker.end()
        self._waiting.extendleft(reversed(worker.jobs.values()))
        if again:
            self._workers[place] = self._start(place)
        return code


def _failure(job: Job, status: Status, seconds: float, cause: str) -> Outcome:
    return Outcome(job, status, seconds, cause=cause)


def _ending(code: int) -> str:
    """How a process ended, in words.

    >>> _ending(-9), _ending(3)
    ('SIGKILL', 'exit code 3')
    """
    return signal.Signals(-code).name if code < 0 else f"exit code {code}"
