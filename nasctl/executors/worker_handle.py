"""The handle of a worker: its state, its jobs, and the messages to and from it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nasctl.errors import NasctlError, WorkFailed
from nasctl.executors.job import Job
from nasctl.executors.messages import Message, job_message
from nasctl.store import Status


class WorkerLost(Exception):
    """A worker has exited."""


@dataclass(frozen=True)
class WorkerExit:
    """How a worker exited.

    Attributes:
      reason: Why it exited, if that is known.
      status: Status of the job that it was evaluating.
      final: Whether the job would end in the same way again.
    """

    reason: str
    status: Status = "lost"
    final: bool = False


class WorkerHandle(ABC):
    """A worker and its jobs.

    Attributes:
      log: The location of its output, for messages.
      ready: Whether it can evaluate jobs.
      jobs: The jobs that were sent to it and have not ended, by number.
      current: Number of the job that it evaluates; None while it has none.
    """

    def __init__(self, log: str) -> None:
        self.log = log
        self.ready = False
        self.jobs: dict[int, Job] = {}
        self.current: int | None = None
        self._began = 0.0

    def submit(self, job: Job) -> None:
        """Sends a job."""
        self.jobs[job.number] = job
        self.send(job_message(job))

    def forget(self, number: int) -> None:
        """Tells the worker that the network of a job will not be saved."""
        self.send({"kind": "forget", "number": number})

    def begin(self, number: int) -> None:
        """Notes that the worker has started to evaluate a job."""
        self.current, self._began = number, time.monotonic()

    def elapsed(self) -> float:
        """Seconds since it started to evaluate its current job."""
        return 0.0 if self.current is None else time.monotonic() - self._began

    @abstractmethod
    def send(self, message: Message) -> None:
        """Sends a message. If the worker has exited, the next `receive` raises the error."""

    @abstractmethod
    def receive(self) -> list[Message]:
        """Returns the messages that have arrived, without waiting.

        Raises:
          WorkerLost: The worker has exited, and all its messages were received.
        """

    @abstractmethod
    def save(self, number: int, folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        """Asks the worker to save the network of a job; see `Evaluation.save`.

        Raises:
          WorkerLost: The worker has exited.
          WorkFailed: The network cannot be saved.
        """

    @abstractmethod
    def stop(self) -> WorkerExit:
        """Stops the worker, if it has not exited, and returns how it did."""

    def error(self, message: Message, what: str) -> NasctlError:
        """An error that the worker reported, as an exception for this process."""
        if message["expected"]:
            return NasctlError(message["error"], hint=message["hint"])
        return WorkFailed(f"{what}: {message['error']}", hint=f"the details are in {self.log}")
