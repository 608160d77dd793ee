"""Workers as processes on this machine."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing import Pipe
from pathlib import Path
from typing import Any

from nasctl.executors.evaluator_spec import EvaluatorSpec
from nasctl.executors.messages import OUT_OF_MEMORY, PIPE_CLOSED, Message, receive, send
from nasctl.executors.worker_handle import WorkerExit, WorkerHandle, WorkerLost

_FROM_OUTSIDE = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
"""Signals that other processes send to end a process. Any other signal means that it has crashed."""

LONGEST_LOG = 16_000_000
"""Size in bytes from which a worker's log is shortened."""

START = Path(__file__).with_name("start_worker.py")


class WorkerProcess(WorkerHandle):
    """A process that makes its evaluator and then evaluates jobs.

    Args:
      spec: The specification from which it makes its evaluator.
      environment: Environment variables, in addition to those of this process.
      path: Its import path.
      gigabytes: Memory limit in GB; 0 for no limit.
      log: File for its output.
    """

    def __init__(
        self,
        spec: EvaluatorSpec,
        *,
        environment: Mapping[str, str],
        path: Sequence[str],
        gigabytes: float,
        log: Path,
    ) -> None:
        super().__init__(str(log))
        self._gigabytes = gigabytes
        self._log = log
        self._inbox: list[Message] = []
        self.connection, theirs = Pipe()
        with theirs, log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-P", str(START), str(theirs.fileno()), str(gigabytes), *path],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env={**os.environ, **environment},
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.exited = _watch(self.process)
        self.send({"kind": "spec", "maker": spec.maker, "arguments": dict(spec.arguments)})

    def send(self, message: Message) -> None:
        """Sends a message. Shortens the log first, if it has grown long."""
        _shorten(self._log)
        with suppress(OSError):
            send(self.connection, message)

    def receive(self) -> list[Message]:
        """Returns the messages that have arrived."""
        messages, self._inbox = self._inbox, []
        # Processes that an evaluator has started may keep the pipe open after the worker has exited.
        exited = self.process.poll() is not None
        try:
            while _readable([self.connection.fileno()], 0.0):
                messages.append(receive(self.connection))
        except (EOFError, OSError, ValueError) as error:
            if not messages:
                raise WorkerLost from error
        if exited and not messages:
            raise WorkerLost
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
        """Closes the connection. After 0.2 s, kills the process and those that it has started."""
        self.connection.close()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(0.2)
        with suppress(OSError):  # the worker leads a process group of its own
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        code = self.process.wait()
        if self.exited is not None:
            os.close(self.exited)
            self.exited = None
        if code == OUT_OF_MEMORY:
            limit = f"{self._gigabytes:g} GB of memory (search.child_gigabytes)"
            return WorkerExit(f"it used more than {limit}", "out_of_memory", final=True)
        if code == PIPE_CLOSED:
            return WorkerExit("the evaluator closed the files of its process", "crashed")
        if code >= 0:
            return WorkerExit(f"exit code {code}", "crashed")
        if code == -signal.SIGKILL:
            return WorkerExit("SIGKILL: the system kills processes when memory is short")
        return WorkerExit(_signal_name(-code), "lost" if -code in _FROM_OUTSIDE else "crashed")

    @property
    def has_message(self) -> bool:
        """Whether a message has been read from the connection and not been returned yet."""
        return bool(self._inbox)


class ProcessBackend:
    """Starts and stops worker processes on this machine.

    Args:
      spec: The specification from which every worker makes its evaluator.
      environments: Environment variables of each worker.
      path: Import path of every worker.
      gigabytes: Memory limit of each worker in GB; 0 for no limit.
      logs: Folder for their output.
    """

    def __init__(
        self,
        spec: EvaluatorSpec,
        environments: Sequence[Mapping[str, str]],
        *,
        path: Sequence[str],
        gigabytes: float,
        logs: Path,
    ) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self.size = len(environments)
        self._spec = spec
        self._environments = environments
        self._path = path
        self._gigabytes = gigabytes
        self._logs = logs

    def start(self, index: int) -> WorkerProcess:
        """Starts a worker process."""
        return WorkerProcess(
            self._spec,
            environment=self._environments[index],
            path=self._path,
            gigabytes=self._gigabytes,
            log=self._logs / f"worker-{index}.log",
        )

    def wait(self, workers: Sequence[WorkerProcess], seconds: float | None) -> None:
        """Waits until a worker has sent a message or has exited, or the time is up."""
        if not any(worker.has_message for worker in workers):
            exits = [worker.exited for worker in workers if worker.exited is not None]
            _readable([*(worker.connection.fileno() for worker in workers), *exits], seconds)

    def stop(self, workers: Sequence[WorkerProcess]) -> None:
        """Stops all workers."""
        for worker in workers:
            worker.connection.close()  # all of them exit at the same time
        for worker in workers:
            worker.stop()


def _shorten(log: Path) -> None:
    """Keeps the end of a log that is longer than `LONGEST_LOG`. Its worker appends to it, so it need not be told."""
    with suppress(OSError):
        if log.stat().st_size <= LONGEST_LOG:
            return
        with log.open("r+b") as file:
            file.seek(-LONGEST_LOG // 2, os.SEEK_END)
            end = file.read()
            file.seek(0)
            file.write(b"(nasctl dropped earlier output)\n" + end)
            file.truncate()


def _readable(descriptors: Sequence[int], seconds: float | None) -> bool:
    """Waits until one of the descriptors can be read or has been closed, or the time is up.

    Several times as fast as `multiprocessing.connection.wait`.
    """
    waiting = select.poll()
    for descriptor in descriptors:
        waiting.register(descriptor, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else math.ceil(seconds * 1000)))


def _watch(process: subprocess.Popen[bytes]) -> int | None:
    """A descriptor that can be waited for, until the process exits; None on systems without one."""
    try:
        return os.pidfd_open(process.pid)
    except (AttributeError, OSError):
        return None


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal
        return f"signal {number}"
