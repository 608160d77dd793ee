"""A worker process: evaluates the jobs that it receives through a pipe, until the pipe is closed.

`WorkerProcess` starts it by `start_worker.py`. Its output goes to a log in the run folder. It exits when the search
that started it exits or crashes.
"""

from __future__ import annotations

import ctypes
import os
import resource
import select
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from nasctl.errors import NasctlError
from nasctl.executors.evaluator_spec import EvaluationContext, EvaluatorSpec
from nasctl.executors.job import Evaluation, Job, OnEpoch, Outcome, failed, finish, prepared
from nasctl.executors.messages import (
    OUT_OF_MEMORY,
    PIPE_CLOSED,
    Message,
    outcome_content,
    read_job,
    receive,
    send,
)
from nasctl.foreign_text import message_of, name_of_type, shortened, storable
from nasctl.metrics import EpochMetrics
from nasctl.process import allow_configuration

CHECK_EVERY = 0.1
"""Seconds between two checks of the memory in use."""

_PR_SET_PDEATHSIG = 1
"""An option of Linux's `prctl`, from <linux/prctl.h>."""

Preparation = Future[Callable[[OnEpoch], Evaluation]]


class Worker:
    """Evaluates one job at a time, and prepares the next one meanwhile.

    Args:
      context: The space and the evaluator.
      send: Sends a message to the search; must be safe to call from any thread.

    Attributes:
      prepares: Whether the preparation of a job takes time, so that messages should be handled during the evaluation of
        another job.
    """

    def __init__(self, context: EvaluationContext, send: Callable[[Message], None]) -> None:
        self._space, self._evaluator = context
        self.prepares = self._evaluator.prepares
        self._send = send
        self._preparing = ThreadPoolExecutor(1, thread_name_prefix="prepare")
        self._jobs: SimpleQueue[tuple[Job, Preparation]] = SimpleQueue()
        self._trained: dict[int, Evaluation] = {}

    def work(self) -> None:
        """Evaluates the jobs that arrive; does not return."""
        self._send({"kind": "ready"})
        while True:
            self._evaluate()

    def work_on(self, receive: Callable[[], Message]) -> None:
        """Handles messages and evaluates their jobs in one thread; does not return."""
        self._send({"kind": "ready"})
        while True:
            self.handle(receive())
            while not self._jobs.empty():
                self._evaluate()

    def _evaluate(self) -> None:
        """Waits for a job and evaluates it."""
        job, preparation = self._jobs.get()
        self._send({"kind": "started", "number": job.number})
        outcome = _outcome(job, preparation, partial(self._report, job))
        if outcome.evaluation is not None and outcome.evaluation.save is not None:
            self._trained[job.number] = outcome.evaluation
        self._send({"kind": "outcome", **outcome_content(outcome)})

    def handle(self, message: Message) -> None:
        """Handles a message from the search; a job is queued."""
        match message["kind"]:
            case "job":
                job = read_job(message, self._space)
                if self.prepares:
                    self._jobs.put((job, self._preparing.submit(self._evaluator.prepare, job)))
                else:
                    self._jobs.put((job, prepared(self._evaluator, job)))
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


def _outcome(job: Job, preparation: Preparation, on_epoch: OnEpoch) -> Outcome:
    """The outcome of a job. Workers ignore Ctrl-C, so a `KeyboardInterrupt` is an error of the evaluator."""
    began = time.monotonic()
    try:
        return finish(job, preparation, on_epoch)
    except KeyboardInterrupt as error:
        return failed(job, error, time.monotonic() - began)
    finally:
        # Cancels an alarm of the evaluator, which the next job must not receive.
        signal.setitimer(signal.ITIMER_REAL, 0)


def error_content(error: BaseException) -> Message:
    """The content of a message that reports an error."""
    if isinstance(error, NasctlError):
        return {"error": error.message, "hint": error.hint, "expected": True}
    text = f"{name_of_type(error)}: {message_of(error)}"
    return {"error": storable(shortened(text)), "hint": traceback.format_exc(), "expected": False}


def end_with_the_search() -> None:
    """On Linux, has the system kill this process when the search ends, even while a job holds the interpreter."""
    if sys.platform.startswith("linux"):
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Pipe:
    """The pipe to the search, which the code of an evaluator shares with this process.

    If that code forks, closes the pipe or puts another file in its place, the process exits: the search then records
    the job as crashed.

    Args:
      descriptor: The descriptor of the pipe.
    """

    def __init__(self, descriptor: int) -> None:
        os.set_inheritable(descriptor, False)
        self._connection = Connection(descriptor)
        self._identity = os.getpid(), os.fstat(descriptor).st_ino
        self._sending = threading.Lock()

    def send(self, message: Message) -> None:
        """Sends a message; may be called from any thread."""
        with self._sending:
            self._check()
            try:
                send(self._connection, message)
            except OSError:
                os._exit(PIPE_CLOSED)

    def receive(self) -> Message:
        """Waits for a message. If the search has exited, so does this process."""
        try:
            self._check()
            return receive(self._connection)
        except EOFError:
            os._exit(0)
        except (OSError, ValueError):
            os._exit(PIPE_CLOSED)

    def exit_with_the_search(self) -> None:
        """Waits until the search has exited, and exits."""
        hung_up = select.poll()
        hung_up.register(self._connection.fileno(), 0)  # the end of the other side is always reported
        hung_up.poll()
        os._exit(0)

    def _check(self) -> None:
        try:
            if (os.getpid(), os.fstat(self._connection.fileno()).st_ino) == self._identity:
                return
        except OSError:
            pass
        os._exit(PIPE_CLOSED)


def limit_memory(gigabytes: float) -> None:
    """Exits with the code `OUT_OF_MEMORY` once this process uses more memory than the limit."""

    def watch() -> None:
        while resident_bytes() <= gigabytes * 1e9:
            time.sleep(CHECK_EVERY)
        os._exit(OUT_OF_MEMORY)

    threading.Thread(target=watch, daemon=True).start()


def resident_bytes() -> int:
    """Memory in use by this process, in bytes, without pages of files: the system can take these back at any time.

    On systems without `/proc` it is the peak so far, which may include that of the parent process before the fork.
    """
    try:
        _, resident, of_files, *_ = map(int, Path("/proc/self/statm").read_text(encoding="ascii").split())
        return (resident - of_files) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Reads the descriptor of the pipe and the memory limit from the command line, and evaluates jobs."""
    end_with_the_search()
    allow_configuration()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C interrupts the search, which stops its workers
    pipe = Pipe(int(sys.argv[1]))
    gigabytes = float(sys.argv[2])
    if gigabytes:
        limit_memory(gigabytes)
    message = pipe.receive()
    try:
        worker = Worker(EvaluatorSpec(message["maker"], message["arguments"]).make(), pipe.send)
    except BaseException as error:
        pipe.send({"kind": "unusable", **error_content(error)})
        os._exit(1)

    def listen() -> None:
        while True:
            worker.handle(pipe.receive())

    try:
        if worker.prepares:
            threading.Thread(target=listen, daemon=True).start()
            worker.work()
        threading.Thread(target=pipe.exit_with_the_search, daemon=True).start()
        worker.work_on(pipe.receive)
    except BaseException:  # from an alarm that the evaluator set, or a module that it changed
        traceback.print_exc()
    finally:
        os._exit(1)  # without waiting for the evaluator's threads
