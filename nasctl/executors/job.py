"""What executors exchange with the search: jobs in, outcomes out, and the evaluator that turns one into the other."""

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
from nasctl.metrics import EpochMetrics
from nasctl.store import COMPLETE, Status

OnEpoch = Callable[[EpochMetrics], None]
Save = Callable[[Path, dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Rung:
    """A point of a child's training at which it must be good enough to go on.

    Attributes:
      epoch: The number of epochs after which it is looked at.
      reward: The reward that it must have reached.
    """

    epoch: int
    reward: float


@dataclass(frozen=True)
class Job:
    """One architecture to evaluate.

    Attributes:
      number: Number of the trial.
      architecture: What to evaluate.
      seed: Decides everything random in the evaluation; a function of the run's seed and the trial's number.
      rungs: Where its training ends early unless it is good enough.
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
      metrics: All else, by name.
      history: A record an epoch, where there were epochs.
      save: Writes what was trained as a checkpoint, where something was: takes the folder to make and the
        architecture's document, and returns the document as it went with it, with what was measured on the way.
    """

    reward: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    history: tuple[EpochMetrics, ...] = ()
    save: Save | None = None


class Evaluator(Protocol):
    """Evaluates architectures in two phases, so that the first can overlap with another job's second."""

    def prepare(self, job: Job) -> Callable[[OnEpoch], Evaluation]:
        """Does what needs no accelerator (build, trace, compile) and returns what does the rest.

        Called in a thread of its own while another job runs. What it returns calls the function that it is given
        after each epoch.
        """
        ...


@dataclass(frozen=True)
class Outcome:
    """How a job ended; the fields are those of `Trial`."""

    job: Job
    status: Status
    seconds: float
    evaluation: Evaluation | None = None
    cause: str = ""
    traceback: str = ""


class ExecutionListener(Protocol):
    """Hears how jobs get on."""

    def job_started(self, job: Job) -> None:
        """An evaluation begins; a second time where its first worker was lost."""
        ...

    def epoch_finished(self, job: Job, record: EpochMetrics) -> None:
        """A child was trained for one more epoch."""
        ...


class Executor(Protocol):
    """Runs jobs somewhere.

    Attributes:
      capacity: Jobs that it can make use of at once; more may be submitted and wait.
    """

    capacity: int

    def submit(self, job: Job) -> None:
        """Takes a job on."""
        ...

    def wait(self, listener: ExecutionListener, seconds: float | None = None) -> Sequence[Outcome]:
        """The outcomes of jobs that have ended, as soon as there is one, or none when the time is over.

        What was trained can be saved until the next call.

        Args:
          listener: Hears how jobs get on meanwhile.
          seconds: How long to wait at most, where the executor can stop waiting.

        Raises:
          WorkFailed: There is nowhere left to run jobs.
        """
        ...

    def close(self) -> None:
        """Gives up what is still running and everything that was held for it."""
        ...


def finish(job: Job, preparation: Future[Callable[[OnEpoch], Evaluation]], on_epoch: OnEpoch) -> Outcome:
    """Runs the second phase of a job, the first of which is under way; whatever a child does is its outcome."""
    started = time.monotonic()
    try:
        return completed(job, preparation.result()(on_epoch), time.monotonic() - started)
    except Exception as error:
        return failed(job, error, time.monotonic() - started)


def completed(job: Job, evaluation: Evaluation, seconds: float) -> Outcome:
    """The outcome of a job that was evaluated."""
    if not math.isfinite(evaluation.reward):
        return failed(job, NotFinite(f"the reward is {evaluation.reward}"), seconds)
    return Outcome(job, COMPLETE, seconds, evaluation)


def failed(job: Job, error: Exception, seconds: float) -> Outcome:
    """The outcome of a job that raised."""
    trace = "".join(traceback.format_exception(error))
    cause = error.message if isinstance(error, NasctlError) else f"{type(error).__name__}: {error}"
    return Outcome(job, _status(error), seconds, cause=cause.strip().splitlines()[0], traceback=trace)


def _status(error: Exception) -> Status:
    if isinstance(error, NotFinite):
        return "not_finite"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return "out_of_memory"
    if isinstance(error, NasctlError):
        return "invalid"
    return "crashed"
