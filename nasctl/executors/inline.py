"""Children in this process, one after the other; the next one compiles while this one trains."""

from __future__ import annotations

import math
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import chain, pairwise

from nasctl.errors import NasctlError, NotFinite
from nasctl.executors.job import Evaluation, Evaluator, Job, Outcome
from nasctl.store import Status


class InlineExecutor:
    """Runs jobs in the calling process and thread.

    A crash of the interpreter ends the search with the child; everything short of that is an outcome.
    """

    def run(self, jobs: Iterable[Job], evaluator: Evaluator) -> Iterator[Outcome]:
        """Yields the outcomes in the order of the jobs."""
        with ThreadPoolExecutor(1, thread_name_prefix="prepare") as preparing:
            submitted = ((job, preparing.submit(evaluator.prepare, job)) for job in jobs)
            for current, _next_in_preparation in pairwise(chain(submitted, (None,))):
                if current is not None:
                    yield _finish(*current)


def _finish(job: Job, preparation: Future[Callable[[], Evaluation]]) -> Outcome:
    started = time.monotonic()
    try:
        evaluation = preparation.result()()
        if not math.isfinite(evaluation.reward):
            raise NotFinite(f"the reward is {evaluation.reward}")
    except Exception as error:  # whatever a child does is its outcome
        return failed(job, error, time.monotonic() - started)
    return Outcome(job, "complete", time.monotonic() - started, evaluation)


def failed(job: Job, error: Exception, seconds: float) -> Outcome:
    """The outcome of a job that raised."""
    trace = "".join(traceback.format_exception(error))
    cause = error.message if isinstance(error, NasctlError) else f"{type(error).__name__}: {error}"
    return Outcome(job, _status(error), seconds, cause=cause.splitlines()[0], traceback=trace)


def _status(error: Exception) -> Status:
    if isinstance(error, NotFinite):
        return "not_finite"
    if isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error):
        return "out_of_memory"
    if isinstance(error, NasctlError):
        return "invalid"
    return "crashed"
