"""A worker process: evaluates jobs that come through a pipe, until the pipe is closed.

Started by `WorkerProcess` as `python -m nasctl.executors.worker DESCRIPTOR GIGABYTES`. What it prints goes into the log
of the run; it ends with the search that started it, however that ends.
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
from nasctl.process import claim_process

LOOK_EVERY = 0.1
"""Seconds between two looks at the memory in use."""

Preparation = Future[Callable[[OnEpoch], Evaluation]]


class Worker:
    """Evaluates one job after the other; the next one is prepared meanwhile.

    Args:
      context: What jobs are evaluated with.
      send: Sends a message to the search; safe to call from any thread.
    """

    def __init__(self, context: EvaluationContext, send: Callable[[Message], None]) -> None:
        self._space, self._evaluator = context
        self._send = send
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: SimpleQueue[tuple[Job, Preparation]] = SimpleQueue()
        self._kept: dict[int, Evaluation] = {}

    def work(self) -> None:
        """Evaluates the jobs that come, for ever."""
        self._send({"kind": "ready"})
        while True:
            job, preparation = self._jobs.get()
            self._send({"kind": "started", "number": job.number})
            outcome = finish(job, preparation, partial(self._tell, job))
            if outcome.evaluation is not None and outcome.evaluation.save is not None:
                self._kept[job.number] = outcome.evaluation
            self._send({"kind": "outcome", **outcome_content(outcome)})

    def obey(self, message: Message) -> None:
        """Does what the search asks for; a job only gets into the line."""
        match message["kind"]:
            case "job":
                job = read_job(message, self._space)
                self._jobs.put((job, self._preparing.submit(self._evaluator.prepare, job)))
            case "forget":
                self._kept.pop(message["number"], None)
            case "save":
                saved = self.save(message["number"], Path(message["folder"]), message["document"])
                self._send({"kind": "saved", **saved})

    def save(self, number: int, folder: Path, document: dict[str, Any]) -> Message:
        """Saves what was trained for a job: the content of the answer, `document` or an error."""
        try:
            save = self._kept[number].save
            assert save is not None
            return {"document": save(folder, document)}
        except Exception as error:
            return error_content(error)

    def _tell(self, job: Job, record: EpochMetrics) -> None:
        self._send({"kind": "epoch", "number": job.number, "record": dict(record)})


def error_content(error: Exception) -> Message:
    """An error as a part of a message."""
    if isinstance(error, NasctlError):
        return {"error": error.message, "hint": error.hint, "expected": True}
    return {"error": f"{type(error).__name__}: {error}", "hint": traceback.format_exc(), "expected": False}


def stay_within(gigabytes: float) -> None:
    """Ends the process, with `OUT_OF_MEMORY`, once it has more memory than it may."""

    def look() -> None:
        while resident_bytes() <= gigabytes * 1e9:
            time.sleep(LOOK_EVERY)
        os._exit(OUT_OF_MEMORY)

    threading.Thread(target=look, daemon=True).start()


def resident_bytes() -> int:
    """Memory of this process; where the system does not tell, the most that it ever had.

    The most that it ever had counts what the process that started it had then, where the system tells both.
    """
    try:
        pages = Path("/proc/self/statm").read_text(encoding="ascii").split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Reads the descriptor of the pipe and the limit of memory from the command line, and works."""
    claim_process()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search, which ends its workers
    connection = Connection(int(sys.argv[1]))
    gigabytes = float(sys.argv[2])
    if gigabytes:
        stay_within(gigabytes)
    sending = threading.Lock()

    def tell(message: Message) -> None:
        with sending:
            send(connection, message)

    message = receive(connection)
    try:
        worker = Worker(EvaluatorSpec(message["maker"], message["arguments"]).make(), tell)
    except Exception as error:
        tell({"kind": "unusable", **error_content(error)})
        sys.exit(1)

    def listen() -> None:
        try:
            while True:
                worker.obey(receive(connection))
        except (EOFError, OSError):  # the search is gone
            os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    worker.work()


if __name__ == "__main__":
    main()
