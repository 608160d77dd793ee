"""A worker process: evaluates the jobs that it receives through a pipe, until the pipe is closed.

`WorkerProcess` starts it as `python -m nasctl.executors.worker DESCRIPTOR GIGABYTES`. Its output goes to a log in the
run folder. It exits when the search that started it exits or crashes.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from nasctl.errors import NasctlError
from nasctl.executors.evaluator_spec import EvaluationContext, EvaluatorSpec
from nasctl.executors.job import Evaluation, Job, OnEpoch, finish
from nasctl.executors.messages import OUT_OF_MEMORY, Message, outcome_content, read_job, receive, send
from nasctl.metrics import EpochMetrics
from nasctl.process import allow_configuration

CHECK_EVERY = 0.1
"""Seconds between two checks of the memory in use."""

Preparation = Future[Callable[[OnEpoch], Evaluation]]


class Worker:
    """Evaluates one job at a time, and prepares the next one meanwhile.

    Args:
      context: The space and the evaluator.
      send: Sends a message to the search; must be safe to call from any thread.
    """

    def __init__(self, context: EvaluationContext, send: Callable[[Message], None]) -> None:
        self._space, self._evaluator = context
        self._send = send
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: SimpleQueue[tuple[Job, Preparation]] = SimpleQueue()
        self._trained: dict[int, Evaluation] = {}

    def work(self) -> None:
        """Evaluates the jobs that arrive; does not return."""
        self._send({"kind": "ready"})
        while True:
            job, preparation = self._jobs.get()
            self._send({"kind": "started", "number": job.number})
            outcome = finish(job, preparation, partial(self._report, job))
            if outcome.evaluation is not None and outcome.evaluation.save is not None:
                self._trained[job.number] = outcome.evaluation
            self._send({"kind": "outcome", **outcome_content(outcome)})

    def handle(self, message: Message) -> None:
        """Handles a message from the search; a job is queued."""
        match message["kind"]:
            case "job":
                job = read_job(message, self._space)
                self._jobs.put((job, self._preparing.submit(self._evaluator.prepare, job)))
            case "forget":
                self._trained.pop(message["number"], None)
            case "save":
                saved = self.save(message["number"], Path(message["folder"]), message["document"])
                self._send({"kind": "saved", **saved})

    def save(self, number: int, folder: Path, document: dict[str, Any]) -> Message:
        """Saves the network of a job and returns the content of the answer: `document`, or an error."""
        try:
            save = self._trained[number].save
            assert save is not None
            return {"document": save(folder, document)}
        except Exception as error:
            return error_content(error)

    def _report(self, job: Job, metrics: EpochMetrics) -> None:
        self._send({"kind": "epoch", "number": job.number, "record": dict(metrics)})


def error_content(error: Exception) -> Message:
    """The content of a message that reports an error."""
    if isinstance(error, NasctlError):
        return {"error": error.message, "hint": error.hint, "expected": True}
    return {"error": f"{type(error).__name__}: {error}", "hint": traceback.format_exc(), "expected": False}


def limit_memory(gigabytes: float) -> None:
    """Exits with the code `OUT_OF_MEMORY` once this process uses more memory than the limit."""

    def watch() -> None:
        while resident_bytes() <= gigabytes * 1e9:
            time.sleep(CHECK_EVERY)
        os._exit(OUT_OF_MEMORY)

    threading.Thread(target=watch, daemon=True).start()


def resident_bytes() -> int:
    """Memory in use by this process, in bytes.

    On systems without `/proc` it is the peak so far, which may include that of the parent process before the fork.
    """
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Reads the descriptor of the pipe and the memory limit from the command line, and evaluates jobs."""
    allow_configuration()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C interrupts the search, which stops its workers
    connection = Connection(int(sys.argv[1]))
    gigabytes = float(sys.argv[2])
    if gigabytes:
        limit_memory(gigabytes)
    sending = threading.Lock()

    def send_safely(message: Message) -> None:
        with sending:
            send(connection, message)

    message = receive(connection)
    try:
        worker = Worker(EvaluatorSpec(message["maker"], message["arguments"]).make(), send_safely)
    except Exception as error:
        send_safely({"kind": "unusable", **error_content(error)})
        sys.exit(1)

    def listen() -> None:
        try:
            while True:
                worker.handle(receive(connection))
        except (EOFError, OSError):  # the search has exited
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
