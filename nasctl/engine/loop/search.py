"""The loop: propose, evaluate, record, learn."""

from __future__ import annotations

import math
import os
import socket
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace

from nasctl.arch_json import TaskInfo
from nasctl.byte_size import size_text
from nasctl.config import Config
from nasctl.controllers import make_controller
from nasctl.engine.loop.budget import Budget
from nasctl.engine.loop.candidates import Candidate, violated_constraint
from nasctl.engine.loop.halving import rungs
from nasctl.engine.loop.listener import Listener
from nasctl.engine.loop.proposer import Proposer
from nasctl.engine.loop.recorded import check_recorded
from nasctl.engine.loop.recorder import Recorder
from nasctl.engine.required_measures import missing_measure
from nasctl.errors import NasctlError, WorkFailed
from nasctl.executors import Evaluation, Executor, Job, Outcome, Rung, WorkerLost
from nasctl.foreign_text import message_of, shell_command, storable
from nasctl.formula import measure_named, read_formula
from nasctl.graph import Cost
from nasctl.interruption import check as check_interruption
from nasctl.metrics import EpochMetrics
from nasctl.space import Space, Tokens
from nasctl.store import COMPLETE, RunFolder, Status, Trial, TrialStore

REPEATABLE: tuple[Status, ...] = (COMPLETE, "not_finite", "invalid", "out_of_memory")
"""Outcomes that are copied to a later trial of the same network, because it would have the same outcome."""

MAX_CRASHES = 2
"""Sessions that may crash or be killed while a trial is evaluated. After that many, it is not evaluated again."""


class Search:
    """A search in a run folder, new or resumed.

    A `Proposer` proposes trials, an executor evaluates them, a `Recorder` records them. All randomness is keyed by
    (seed, number of the trial), so a run that was interrupted and resumed has the same trials as one that was not.

    Args:
      space: The space to search.
      start: Starts the executor; it is closed when the search ends.
      config: Settings of the run.
      folder: The run folder.
      seed: Seed of all random numbers.
      task: What the networks are measured on; None for spaces without networks.
      init: Token strings that are tried first.
      memory: Largest estimated memory of a child in bytes; 0 for no limit.
      listener: Receives the events of the search.
    """

    def __init__(
        self,
        space: Space,
        start: Callable[[RunFolder], Executor],
        config: Config,
        folder: RunFolder,
        *,
        seed: int,
        task: TaskInfo | None = None,
        init: tuple[Tokens, ...] = (),
        memory: int = 0,
        listener: Listener | None = None,
    ) -> None:
        self._space = space
        self._start = start
        self._config = config
        self._folder = folder
        self._seed = seed
        self._task = task
        self._init = init
        self._memory = memory
        self._listener = listener or Listener()
        self._running: dict[int, Candidate] = {}
        self._duplicates: defaultdict[str, list[Candidate]] = defaultdict(list)
        self._failures: list[Trial] = []

    def run(self) -> str:
        """Searches until a budget is used up, and returns which one.

        Raises:
          WorkFailed: Too many trials in a row failed, or too many token strings in a row violated a constraint.
          NasctlError: The run folder cannot be written or is damaged, or another search is running in it.
        """
        self._folder.lock()
        try:
            with closing(self._folder.trials()) as self._store:
                self._known = self._store.trials()
                check_recorded(self._space, self._known, self._store.open_trials(), self._folder.path)
                moved = {} if self._task is None else {"dataset": self._task.dataset}
                self._folder.write_config(self._config, **moved)
                return self._run_session()
        finally:
            self._folder.unlock()

    def _run_session(self) -> str:
        """Searches, and records when the session started and ended, and why."""
        session = self._store.begin_session(
            os.getpid(), socket.gethostname(), max(self._config.search.workers, 1)
        )
        with ExitStack() as closed_last:
            try:
                self._executor = self._start(self._folder)
                closed_last.callback(self._executor.close)
                stopped = self._search()
            except BaseException as error:
                # Before the executor is closed, which may take time: a session without an end counts as a crash.
                self._store.end_session(session, _reason(error))
                raise
            self._store.end_session(session, stopped)
        return stopped

    def _search(self) -> str:
        self._listener.search_started(self._folder.path, self._space, self._config, self._known)
        self._budget = Budget(self._config.search, self._known)
        self._recorder = Recorder(
            self._space, self._task, self._folder, self._store, self._budget, self._listener
        )
        controller = make_controller(self._space, self._config.controller, seed=self._seed, init=self._init)
        self._proposer = Proposer(
            controller,
            self._space,
            self._config,
            self._folder,
            self._store,
            task=self._task,
            listener=self._listener,
        )
        left_open = deque(self._give_up(self._proposer.open_candidates()))
        progress = _Progress(self._store, self._listener)
        while not (stop := self._budget.used_up()):
            while len(self._running) < self._executor.capacity and not self._budget.used_up():
                candidate = left_open.popleft() if left_open else self._proposer.next()
                if candidate is None:
                    break
                self._dispatch(candidate)
            outcomes = self._executor.wait(progress, self._budget.seconds_left())
            check_interruption()  # an evaluator in this process may have caught the interruption
            for outcome in outcomes:
                self._finish(outcome)
        self._proposer.close()
        return stop

    def _give_up(self, left_open: Sequence[Candidate]) -> list[Candidate]:
        """Records the trials that ended `MAX_CRASHES` sessions as crashed, and returns the others."""
        crashes = {trial.number: trial.crashes for trial in self._store.open_trials()}
        fatal = [candidate for candidate in left_open if crashes[candidate.number] >= MAX_CRASHES]
        for candidate in fatal:
            cause = f"the search crashed or was killed {MAX_CRASHES} times while this trial was evaluated"
            self._record(
                self._trial(candidate, Outcome(candidate.job(self._seed), "crashed", 0.0, cause=cause))
            )
        return [candidate for candidate in left_open if candidate not in fatal]

    def _dispatch(self, candidate: Candidate) -> None:
        """Copies the result of an earlier trial, waits for a duplicate in progress, or submits the candidate."""
        key = candidate.architecture_hash
        if self._config.search.duplicates == "reuse":
            same = self._store.same_architecture(key, REPEATABLE, before=candidate.number)
            if same is not None:
                self._record(_repeat(candidate, same))
                return
            if any(other.architecture_hash == key for other in self._running.values()):
                self._duplicates[key].append(candidate)
                return
        needed = self._memory_of(candidate)
        if self._memory and needed > self._memory:
            cause = f"it would need about {size_text(needed)} of memory; there are {size_text(self._memory)}"
            job = candidate.job(self._seed)
            self._record(self._trial(candidate, Outcome(job, "out_of_memory", 0.0, cause=cause)))
            return
        self._running[candidate.number] = candidate
        self._executor.submit(candidate.job(self._seed, self._rungs(candidate)))

    def _finish(self, outcome: Outcome) -> None:
        """Records how a job ended, and continues with the duplicates that waited for it."""
        candidate = self._running.pop(outcome.job.number)
        try:
            self._record(self._trial(candidate, outcome), outcome.evaluation)
        except WorkerLost:  # it had the only copy of the best network: run the job again
            self._running[candidate.number] = candidate
            self._executor.submit(outcome.job)
            return
        for duplicate in self._duplicates.pop(candidate.architecture_hash, []):
            if not self._budget.used_up():
                self._dispatch(duplicate)

    def _record(self, trial: Trial, evaluation: Evaluation | None = None) -> None:
        self._recorder.record(trial, evaluation)
        self._proposer.trial_ended(trial)
        self._failures = [*self._failures, trial] if trial.status != COMPLETE else []
        self._check_failures()

    def _rungs(self, candidate: Candidate) -> tuple[Rung, ...]:
        search = self._config.search
        if search.halving < 2:
            return ()
        earlier = self._store.trials(range(self._proposer.trials_seen_at(candidate.number)))
        return rungs(self._config.training.epochs, search.halving, earlier)

    def _memory_of(self, candidate: Candidate) -> int:
        """Estimated memory of a child in bytes; 0 in spaces without networks."""
        if not candidate.cost:
            return 0
        counts = {name: int(value) for name, value in candidate.cost.items()}
        return Cost(**counts).training_bytes(self._config.training.batch)

    def _trial(self, candidate: Candidate, outcome: Outcome) -> Trial:
        evaluation = outcome.evaluation or Evaluation(float("nan"))
        metrics = {**candidate.cost, **evaluation.metrics}
        reward, status, cause = evaluation.reward, outcome.status, outcome.cause
        if status == COMPLETE and (missing := self._missing_measure(metrics)) is not None:
            if self._store.best() is None:
                # Probably a wrong name. The trial stays open, so it is evaluated again when the name is corrected.
                raise missing
            status, cause = "invalid", missing.message
        if status == COMPLETE and self._config.search.reward:
            reward = read_formula(self._config.search.reward)({**metrics, "reward": reward})
            if not math.isfinite(reward):
                status, cause = "not_finite", f"the reward {self._config.search.reward} is {reward}"
        broken = violated_constraint(self._space.constraints, metrics)
        if status == COMPLETE and broken is not None:
            status = "invalid"
            measured = metrics[measure_named(broken.measure, metrics) or broken.measure]
            cause = f"{broken.measure} was measured as {measured:g}, but {broken} is required"
        return Trial(
            number=candidate.number,
            tokens=candidate.architecture.tokens,
            status=status,
            reward=reward if status == COMPLETE else None,
            metrics=metrics,
            architecture_hash=candidate.architecture_hash,
            seed=outcome.job.seed,
            seconds=outcome.seconds,
            rejected=candidate.rejected,
            cause=cause,
            traceback=outcome.traceback,
            history=evaluation.history,
        )

    def _missing_measure(self, metrics: Mapping[str, float]) -> NasctlError | None:
        return missing_measure(self._space, self._config.search.reward, metrics.keys())

    def _check_failures(self) -> None:
        limit = self._config.search.max_failures
        if len(self._failures) >= limit:
            last = self._failures[-1]
            raise WorkFailed(
                f"the last {limit} trials all failed, most recently trial {last.number} ({last.status}): {last.cause}",
                hint=f"`{shell_command('nasctl', 'trials', self._folder.path)}` lists them; "
                "search.max_failures sets the limit",
            )


class _Progress:
    """Passes the progress of jobs on to the store and the listener."""

    def __init__(self, store: TrialStore, listener: Listener) -> None:
        self._store = store
        self._listener = listener

    def job_started(self, job: Job) -> None:
        self._store.start_trial(job.number)
        self._listener.trial_started(job)

    def epoch_finished(self, job: Job, metrics: EpochMetrics) -> None:
        self._store.record_epoch(job.number, metrics)
        self._listener.epoch_finished(job, int(metrics["epoch"]), metrics)


def _reason(error: BaseException) -> str:
    """Why a search stopped before a budget was used up."""
    if isinstance(error, KeyboardInterrupt):
        return "interrupted"
    reason = (
        error.message if isinstance(error, NasctlError) else f"{type(error).__name__}: {message_of(error)}"
    )
    return storable(reason)


def _repeat(candidate: Candidate, earlier: Trial) -> Trial:
    """A trial with the result of an earlier trial of the same network."""
    return replace(
        earlier,
        number=candidate.number,
        tokens=candidate.architecture.tokens,
        seconds=0.0,
        reused=earlier.number,
        rejected=candidate.rejected,
    )
