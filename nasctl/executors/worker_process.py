"""One worker process, as the search sees it."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from nasctl.errors import NasctlError, WorkFailed
from nasctl.executors.job import Job
from nasctl.executors.messages import Message, job_content, receive, send
from nasctl.executors.workplace import Recipe


class WorkerLost(Exception):
    """A worker process is gone."""


@dataclass
class WorkerProcess:
    """A worker process and the jobs that it has.

    Attributes:
      process: The process.
      connection: The pipe to it.
      log: Where it prints.
      ready: Whether it can evaluate jobs yet.
      jobs: Those that were sent to it and have not ended, by number.
      started: When the job that it evaluates began, by the monotonic clock; None while it has none.
      current: The number of that job.
      inbox: Messages that came while something else was waited for.
    """

    process: subprocess.Popen[bytes]
    connection: Connection
    log: Path
    ready: bool = False
    jobs: dict[int, Job] = field(default_factory=dict)
    started: float | None = None
    current: int | None = None
    inbox: list[Message] = field(default_factory=list)

    @classmethod
    def start(
        cls, recipe: Recipe, *, environment: Mapping[str, str], gigabytes: float, log: Path
    ) -> WorkerProcess:
        """Starts a process that makes its workplace and then waits for jobs.

        Args:
          recipe: What it makes.
          environment: Variables that are laid over those of this process.
          gigabytes: Memory that it may use; 0 for no limit.
          log: The file that it prints to.
        """
        ours, theirs = Pipe()
        with theirs, log.open("ab") as output:
            process = subprocess.Popen(
                [sys.executable, "-u", "-m", "nasctl.executors.worker", str(theirs.fileno()), str(gigabytes)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        worker = cls(process, ours, log)
        with suppress(OSError):  # a process that is gone already is noticed when it is asked
            send(ours, "recipe", maker=recipe.maker, arguments=dict(recipe.arguments))
        return worker

    def give(self, job: Job) -> None:
        """Sends a job."""
        self.jobs[job.number] = job
        with suppress(OSError):
            send(self.connection, "job", **job_content(job))

    def forget(self, number: int) -> None:
        """Lets it drop what it trained for a job."""
        with suppress(OSError):
            send(self.connection, "forget", number=number)

    def messages(self) -> list[Message]:
        """What has come from it.

        Raises:
          WorkerLost: It is gone, and nothing of what it sent is left.
        """
        messages, self.inbox = self.inbox, []
        try:
            while self.connection.poll():
                messages.append(receive(self.connection))
        except (EOFError, OSError) as error:
            if not messages:
                raise WorkerLost from error
        return messages

    def save(self, number: int, folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        """Has it save what it trained for a job, as `Evaluation.save`.

        Raises:
          WorkerLost: It is gone.
          WorkFailed: It cannot be saved.
        """
        try:
            send(self.connection, "save", number=number, folder=str(folder.resolve()), document=document)
            while (message := receive(self.connection))["kind"] != "saved":
                self.inbox.append(message)
        except (EOFError, OSError) as error:
            raise WorkerLost from error
        if "error" in message:
            raise error_of(message, f"the best network cannot be saved in {folder}", self.log)
        saved: dict[str, Any] = message["document"]
        return saved

    def end(self) -> int:
        """Ends it and returns its exit code; negative for the signal that ended it before."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        self.process.kill()
        return self.process.wait()

    def took(self) -> float:
        """Seconds since its job began."""
        return 0.0 if self.started is None else time.monotonic() - self.started


def error_of(message: Message, what: str, log: Path) -> NasctlError:
    """The error that a worker met, as one of this process."""
    if message["expected"]:
        return NasctlError(message["error"], hint=message["hint"])
    with log.open("a", encoding="utf-8") as output:
        output.write(message["hint"])
    return WorkFailed(f"{what}: {message['error']}", hint=f"the details are in {log}")
