"""How the evaluation of a job ends: with what it measured, or with the status that its error stands for."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future

from nasctl.errors import NasctlError, NotFinite
from nasctl.executors.job import Evaluation, Job, OnEpoch, Outcome
from nasctl.store import COMPLETE, Status


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
