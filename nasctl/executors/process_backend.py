"""Workers as processes on this machine."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from multiprocessing.connection import wait
from pathlib import Path
from typing import Any

from nasctl.executors.evaluator_spec import EvaluatorSpec
from nasctl.executors.messages import OUT_OF_MEMORY, Message, receive, send
from nasctl.executors.worker_handle import WorkerExit, WorkerHandle, WorkerLost

_FAULTS = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL)
"""Signals that the system sends to a process after a fault of its own."""


class WorkerProcess(WorkerHandle):
    """A process that makes its evaluator and then evaluates jobs.

    Args:
      spec: The specification from which it makes its evaluator.
      environment: Environment variables, in addition to those of this process.
      gigabytes: Memory limit in GB; 0 for no limit.
      log: File for its output.
    """

    def __init__(
        self, spec: EvaluatorSpec, *, environment: Mapping[str, str], gigabytes: float, log: Path
    ) -> None:
        super().__init__(str(log))
        self._gigabytes = gigabytes
        self._log = log
        self._inbox: list[Message] = []
        self.connection, theirs = Pipe()
        with theirs, log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-m", "nasctl.executors.worker", str(theirs.fileno()), str(gigabytes)],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.send({"kind": "spec", "maker": spec.maker, "arguments": dict(spec.arguments)})

    def send(self, message: Message) -> None:
        """Sends a message."""
        with suppress(OSError):
            send(self.connection, message)

    def receive(self) -> list[Message]:
        """Returns the messages that have arrived."""
        messages, self._inbox = self._inbox, []
        try:
            while self.connection.poll():
                messages.append(receive(self.connection))
        except (EOFError, OSError) as error:
            if not messages:
                raise WorkerLost from error
        return messages

    def save(self, number: int, folder: Path, document: dict[str, Any]) -> dict[str, Any]:
        """Asks the process to save the network of a job."""
        message: Message = {
            "kind": "save",
            "number": number,
            "folder": str(folder.resolve()),
            "document": document,
        }
        try:
            send(self.connection, message)
            while (answer := receive(self.connection))["kind"] != "saved":
                self._inbox.append(answer)
        except (EOFError, OSError) as error:
            raise WorkerLost from error
        if "error" in answer:
            raise self.error(answer, f"the best network cannot be saved in {folder}")
        saved: dict[str, Any] = answer["document"]
        return saved

    def stop(self) -> WorkerExit:
        """Closes the connection, and kills the process if it has not exited after 0.2 s."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        self.process.kill()
        code = self.process.wait()
        if code == OUT_OF_MEMORY:
            limit = f"{self._gigabytes:g} GB of memory (search.child_gigabytes)"
            return WorkerExit(f"it used more than {limit}", "out_of_memory", final=True)
        if code >= 0:
            return WorkerExit(f"exit code {code}")
        name = signal.Signals(-code).name
        if code == -signal.SIGKILL:
            return WorkerExit(f"{name}: the system kills processes when memory is short")
        return WorkerExit(name, "crashed" if -code in _FAULTS else "lost")

    @property
    def has_message(self) -> bool:
        """Whether a message has been read from the connection and not been returned yet."""
        return bool(self._inbox)


class ProcessBackend:
    """Starts and stops worker processes on this machine.

    Args:
      spec: The specification from which every worker makes its evaluator.
      environments: Environment variables of each worker.
      gigabytes: Memory limit of each worker in GB; 0 for no limit.
      logs: Folder for their output.
    """

    def __init__(
        self, spec: EvaluatorSpec, environments: Sequence[Mapping[str, str]], *, gigabytes: float, logs: Path
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.size = len(environments)
        self._spec = spec
        self._environments = environments
        self._gigabytes = gigabytes
        self._logs = logs

    def start(self, index: int) -> WorkerProcess:
        """Starts a worker process."""
        return WorkerProcess(
            self._spec,
            environment=self._environments[index],
            gigabytes=self._gigabytes,
            log=self._logs / f"worker-{index}.log",
        )

    def wait(self, workers: Sequence[WorkerProcess], seconds: float | None) -> None:
        """Waits until a worker has sent a message or has exited, or the time is up."""
        if not any(worker.has_message for worker in workers):
            wait([worker.connection for worker in workers], seconds)

    def stop(self, workers: Sequence[WorkerProcess]) -> None:
        """Stops all workers."""
        for worker in workers:
            worker.connection.close()  # all of them exit at the same time
        for worker in workers:
            worker.stop()
