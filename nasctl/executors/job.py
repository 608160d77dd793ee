"""What executors exchange with the search: jobs in, outcomes out, and the evaluator that turns one into the other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from nasctl.architecture import Architecture
from nasctl.store import Status


@dataclass(frozen=True)
class Job:
    """One architecture to evaluate.

    Attributes:
      number: Number of the trial.
      architecture: What to evaluate.
      seed: Decides everything random in the evaluation; a function of the run's seed and the trial's number.
    """

    number: int
    architecture: Architecture
    seed: int


@dataclass(frozen=True)
class Evaluation:
    """What an evaluator measured.

    Attributes:
      reward: What the controller maximises.
      metrics: All else, by name.
      save: Writes what was trained as a checkpoint, where something was: takes the folder to make and the
        architecture's document, and returns the document as it went with it, with what was measured on the way.
    """

    reward: float
    metrics: Mapping[str, float] = field(default_factory=dict)
    save: Callable[[Path, dict[str, Any]], dict[str, Any]] | None = None


class Evaluator(Protocol):
    """Evaluates architectures in two phases, so that the first can overlap with another job's second."""

    def prepare(self, job: Job) -> Callable[[], Evaluation]:
        """Does what needs no accelerator (build, trace, compile) and returns what does the rest.

        Called in a thread of its own while another job runs.
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


class Executor(Protocol):
    """Runs jobs."""

    def run(self, jobs: Iterable[Job], evaluator: Evaluator) -> Iterator[Outcome]:
        """Yields the outcome of each job when it ends; stops early when the caller stops asking."""
        ...
