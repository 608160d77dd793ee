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
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue

from nasctl.errors import NasctlError
from nasctl.executors.ending import finish
from nasctl.executors.job import Evaluation, Job, OnEpoch
from nasctl.executors.messages import OUT_OF_MEMORY, Message, outcome_content, read_job, receive, send
from nasctl.executors.workplace import Recipe, Workplace

LOOK_EVERY = 0.1
"""Seconds between two looks at the memory in use."""

Preparation = Future[Callable[[OnEpoch], Evaluation]]


class Worker:
    """Evaluates one job after the other; the next one is prepared meanwhile.

    Args:
      connection: To the search.
      workplace: What jobs are evaluated with.
    """

    def __init__(self, connection: Connection, workplace: Workplace) -> None:
        self._connection = connection
        self._space, self._evaluator = workplace
        self._sending = threading.Lock()
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: SimpleQueue[tuple[Job, Preparation]] = SimpleQueue()
        self._kept: dict[int, Evaluation] = {}

    def work(self) -> None:
        """Evaluates the jobs that come, for ever."""
        threading.Thread(target=self._read, daemon=True).start()
        self._send("ready")
        while True:
            job, preparation = self._jobs.get()
            self._send("started", number=job.number)
            outcome = finish(job, preparation, lambda record, job=job: self._tell(job, record))  # type: ignore[misc]
            if outcome.evaluation is not None and outcome.evaluation.save is not None:
                self._kept[job.number] = outcome.evaluation
            self._send("outcome", **outcome_content(outcome))

    def _tell(self, job: Job, record: object) -> None:
        self._send("epoch", number=job.number, record=record)

    def _send(self, kind: str, **content: object) -> None:
        with self._sending:
            send(self._connection, kind, **content)

    def _read(self) -> None:
        """Takes messages until the search is gone."""
        try:
            while True:
                self._obey(receive(self._connection))
        except (EOFError, OSError):
            os._exit(0)

    def _obey(self, message: Message) -> None:
        match message["kind"]:
            case "job":
                job = read_job(message, self._space)
                self._jobs.put((job, self._preparing.submit(self._evaluator.prepare, job)))
            case "forget":
                self._kept.pop(message["number"], None)
            case "save":
                self._send("saved", number=message["number"], **self._save(message))

    def _save(self, message: Message) -> dict[str, object]:
        try:
            save = self._kept[message["number"]].save
            assert save is not None
            return {"document": save(Path(message["folder"]), message["document"])}
        except Exception as error:
            return error_content(error)


def error_content(error: Exception) -> dict[str, object]:
    """An error as a part of a message."""
    if isinstance(error, NasctlError):
        return {"error": error.message, "hint": error.hint, "expected": True}
    return {"error": f"{type(error).__name__}: {error}", "hint": traceback.format_exc(), "expected": False}


def stay_within(gigabytes: float) -> None:
    """Ends the process, with `OUT_OF_MEMORY`, once it has used more memory than it may."""
    unit = 1 if sys.platform == "darwin" else 1024

    def look() -> None:
        while resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit <= gigabytes * 1e9:
            time.sleep(LOOK_EVERY)
        os._exit(OUT_OF_MEMORY)

    threading.Thread(target=look, daemon=True).start()


def main() -> None:
    """Reads the descriptor of the pipe and the limit of memory from the command line, and works."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the search, which ends its workers
    connection = Connection(int(sys.argv[1]))
    gigabytes = float(sys.argv[2])
    if gigabytes:
        stay_within(gigabytes)
    message = receive(connection)
    try:
        workplace = Recipe(message["maker"], message["arguments"]).make()
    except Exception as error:
        send(connection, "unusable", **error_content(error))
        sys.exit(1)
    Worker(connection, workplace).work()


if __name__ == "__main__":
    main()
