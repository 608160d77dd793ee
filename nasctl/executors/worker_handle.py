"""A worker of a pool, as the pool sees it, wherever it is."""

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
    """A worker is gone."""


@dataclass(frozen=True)
class WorkerExit:
    """How a worker ended.

    Attributes:
      words: What is known about it.
      status: What that means for the job that it was at.
      final: Whether the job would end in the same way again.
    """

    words: str
    status: Status = "lost"
    final: bool = False


class WorkerHandle(ABC):
    """A worker and the jobs that it has.

    Attributes:
      log: Where to look for what it printed, in words.
      ready: Whether it can evaluate jobs yet.
      jobs: Those that were sent to it and have not ended, by number.
      current: The number of the job that it evaluates; None while it has none.
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
        """Lets it drop what it trained for a job."""
        self.send({"kind": "forget", "number": number})

    def begin(self, number: int) -> None:
        """Notes that it begins with a job."""
        self.current, self._began = number, time.monotonic()

    def elapsed(self) -> float:
        """Seconds that it has been at its job."""
        return 0.0 if self.current is None else time.monotonic() - self._began

    @abstractmethod
    def send(self, message: Message) -> None:
        """Sends a message; that a worker is gone is noticed when it is heard."""

    @abstractmethod
    def receive(self) -> list[Message]:
        """What has come from it, without waiting.

        Raises:
          WorkerLost: It is gone, and nothing of what it sent is left.
        """

    @abstractmethod
    def save(self, number: int, folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        """Has it save what it trained for a job, as `Evaluation.save`.

        Raises:
          WorkerLost: It is gone.
          WorkFailed: It cannot be saved.
        """

    @abstractmethod
    def stop(self) -> WorkerExit:
        """Ends it, if it has not ended."""

    def error(self, message: Message, what: str) -> NasctlError:
        """The error that it met, as one of this process."""
        if message["expected"]:
            return NasctlError(message["error"], hint=message["hint"])
        return WorkFailed(f"{what}: {message['error']}", hint=f"the details are in {self.log}")
