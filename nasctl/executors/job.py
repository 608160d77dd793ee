"""What executors and a search exchange: jobs, their outcomes, and the interfaces of evaluators and executors."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nasctl.architecture import Architecture
from nasctl.errors import NasctlError, NotFinite
from nasctl.foreign_text import is_kind_of, message_of, name_of_type, shortened, storable
from nasctl.metrics import EpochMetrics
from nasctl.store import COMPLETE, Status

LONGEST_TRACEBACK = 50_000
"""Characters of a traceback that are stored."""

OnEpoch = Callable[[EpochMetrics], None]
Save = Callable[[Path, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Rung:
    """A check during the training of a child: training ends early if the reward is too small.

    Attributes:
      epoch: Number of epochs after which the reward is checked.
      reward: Smallest reward with which training continues.
    """

    epoch: int
    reward: float


@dataclass(frozen=True)
class Job:
    """One architecture to evaluate.

    Attributes:
      number: Number of the trial.
      architecture: The architecture.
      seed: Seed of all random numbers of the evaluation; a function of the run's seed and the trial's number.
      rungs: Checks at which training may end early.
    """

    number: int
    architecture: Architecture
    seed: int
    rungs: tuple[Rung, ...] = ()


@dataclass(frozen=True)
class Evaluation:
    """What an evaluator measured.

    Attributes:
      reward: What the controller maximises.
      metrics: All other measured values, by name.
      history: The metrics of each epoch; empty if the evaluation has no epochs.
      save: Writes the trained network as a checkpoint; None if nothing was trained. Takes the folder to create and
        the architecture's document. Returns the document that it wrote, which adds the results on the test split.
    """

    reward: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: tuple[EpochMetrics, ...] = ()
    save: Save | None = None


class Evaluator(Protocol):
    """Evaluates architectures in two phases. The first phase of a job can overlap with the second phase of another.

    Attributes:
      prepares: Whether the first phase takes time.
    """

    @property
    def prepares(self) -> bool:
        """See the attributes."""
        ...

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Does the work that needs no accelerator: builds, traces and compiles.

        Called in a separate thread while another job runs.

        Returns:
          A function that does the rest. It takes a callback, and calls it with the metrics of each epoch.
        """
        ...


@dataclass(frozen=True)
class Outcome:
    """How a job ended. The fields have the same meaning as in `Trial`."""

    job: Job
    status: Status
    seconds: float
    evaluation: Evaluation | None = None
    cause: str = ""
    traceback: str = ""


class ExecutionListener(Protocol):
    """Receives the progress of jobs."""

    def job_started(self, job: Job) -> None:
        """The evaluation of a job starts, or starts again after its worker was lost."""
        ...

    def epoch_finished(self, job: Job, metrics: EpochMetrics) -> None:
        """A child was trained for one more epoch."""
        ...


class Executor(Protocol):
    """Runs jobs.

    Attributes:
      capacity: Number of jobs that it can work on at the same time. Further jobs may be submitted; they wait.
    """

    capacity: int

    def submit(self, job: Job) -> None:
        """Adds a job."""
        ...

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """Waits until at least one job has ended.

        Trained networks can be saved (`Evaluation.save`) until the next call.

        Args:
          listener: Receives the progress of jobs meanwhile.
          seconds: Longest time to wait, for executors that can stop waiting.

        Returns:
          The outcomes of the jobs that have ended; none if the time is up.

        Raises:
          WorkFailed: No worker can be started.
        """
        ...

    def close(self) -> None:
        """Stops the jobs that are still running, and releases all resources."""
        ...


def prepared(evaluator: Evaluator, job: Job) -> Future[Callable[[OnEpoch], Evaluation]]:
    """The result of the first phase of a job, for an evaluator whose first phase takes no time."""
    future: Future[Callable[[OnEpoch], Evaluation]] = Future()
    future.set_result(evaluator.prepare(job))
    return future


def finish(job: Job, preparation: Future[Callable[[OnEpoch], Evaluation]], on_epoch: OnEpoch) -> Outcome:
    """Waits for the preparation of a job and runs its second phase.

    Every exception is turned into an outcome, `SystemExit` too, but not `KeyboardInterrupt`.
    """
    started = time.monotonic()
    try:
        return completed(job, preparation.result()(on_epoch), time.monotonic() - started)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return failed(job, error, time.monotonic() - started)


def completed(job: Job, evaluation: Evaluation, seconds: float) -> Outcome:
    """The outcome of a job that was evaluated."""
    if not math.isfinite(evaluation.reward):
        return failed(job, NotFinite(f"the reward is {evaluation.reward}"), seconds)
    return Outcome(job, COMPLETE, seconds, evaluation)


def failed(job: Job, error: BaseException, seconds: float) -> Outcome:
    """The outcome of a job that raised."""
    trace = _trace(error)
    text = message_of(error)
    name = name_of_type(error)
    cause = text if is_kind_of(error, NasctlError) else f"{name}: {text}"
    first_line = next(iter(cause.strip().splitlines()), name)
    return Outcome(
        job,
        _status(error),
        seconds,
        cause=storable(shortened(first_line)),
        traceback=storable(shortened(trace, LONGEST_TRACEBACK)),
    )


def _trace(error: BaseException) -> str:
    """The traceback of an error, which may come from the user's code; even formatting it may raise."""
    try:
        return "".join(traceback.format_exception(error))
    except KeyboardInterrupt:
        raise
    except BaseException:
        return f"{name_of_type(error)}: its traceback cannot be read"


def _status(error: BaseException) -> Status:
    if is_kind_of(error, NotFinite):
        return "not_finite"
    if is_kind_of(error, MemoryError) or "RESOURCE_EXHAUSTED" in message_of(error):
        return "out_of_memory"
    if is_kind_of(error, NasctlError):
        return "invalid"
    return "crashed"
