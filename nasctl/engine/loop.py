"""The loop: propose, evaluate, record, learn."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

from nasctl.architecture import TaskRecord
from nasctl.config import Config
from nasctl.controllers import Controller, Observation, make_controller
from nasctl.engine.budget import Budget
from nasctl.engine.candidates import Candidate, broken_constraint, propose
from nasctl.engine.listener import Listener
from nasctl.engine.recorder import Recorder
from nasctl.errors import WorkFailed
from nasctl.executors import Evaluation, Evaluator, Executor, InlineExecutor, Job, Outcome
from nasctl.space import Space
from nasctl.store import COMPLETE, RunFolder, Status, Trial, TrialStore
from nasctl.store.controller_checkpoint import checkpoints, load_controller, save_controller

SAVE_EVERY = 5.0
"""Seconds between two checkpoints of the controller; what it learned in between is replayed on resume."""

REPEATABLE: tuple[Status, ...] = (COMPLETE, "not_finite", "invalid", "out_of_memory")
"""Outcomes that the same network would have again."""


class Search:
    """A search in a run folder, new or resumed.

    The controller proposes a batch; the trials of it that the store lacks are run; when the batch is complete the
    controller learns from it. Everything random is keyed by (seed, number of the trial), so a run that was stopped
    anywhere and resumed has the same trials as one that was not.

    Args:
      space: The space to search.
      evaluator: Turns architectures into rewards.
      config: Settings of the run.
      folder: Where the run is kept.
      seed: Decides everything random.
      task: What the networks are measured on; None for spaces without networks.
      executor: Where the children run; in this process unless given.
      listener: Hears of each step.
    """

    def __init__(
        self,
        space: Space,
        evaluator: Evaluator,
        config: Config,
        folder: RunFolder,
        *,
        seed: int,
        task: TaskRecord | None = None,
        executor: Executor | None = None,
        listener: Listener | None = None,
    ) -> None:
        self._space = space
        self._evaluator = evaluator
        self._config = config
        self._folder = folder
        self._seed = seed
        self._task = task
        self._executor = executor or InlineExecutor()
        self._listener = listener or Listener()

    def run(self) -> str:
        """Searches until a budget is used up, and says which.

        Raises:
          WorkFailed: Too many trials in a row failed, or the constraints leave next to nothing to sample.
          NasctlError: The run folder cannot be written, or another search is running in it.
        """
        self._folder.lock()
        store = self._folder.trials()
        try:
            controller = make_controller(self._space, self._config.controller, seed=self._seed)
            return self._run(controller, store)
        finally:
            store.close()
            self._folder.unlock()

    def _run(self, controller: Controller, store: TrialStore) -> str:
        known = store.trials()
        self._listener.search_started(self._folder.path, self._space, self._config, known)
        budget = Budget(self._config.search, known)
        recorder = Recorder(self._space, self._task, self._folder, store, budget, self._listener)
        seen = saved = self._restore(controller)
        last_save = time.monotonic()
        failures: list[Trial] = []
        while not (stop := budget.used_up()):
            numbers = range(seen, seen + controller.batch)
            for trial in self._run_missing(controller, numbers, store, recorder):
                failures = [*failures, trial] if trial.status != COMPLETE else []
                self._stop_if_hopeless(failures)
                if stop := budget.used_up():
                    break
            batch = store.trials(numbers)
            if len(batch) == len(numbers):
                metrics = controller.observe([Observation(trial.tokens, trial.reward) for trial in batch])
                seen = numbers.stop
                store.record_update(seen, metrics)
                self._listener.controller_updated(seen, metrics)
            if seen > saved and (stop or time.monotonic() - last_save > SAVE_EVERY):
                save_controller(self._folder.controllers, seen, controller.state())
                saved, last_save = seen, time.monotonic()
        return stop

    def _restore(self, controller: Controller) -> int:
        """Brings the controller to its last checkpoint and returns the number of trials that it had seen."""
        known = checkpoints(self._folder.controllers)
        if not known:
            return 0
        controller.restore(load_controller(self._folder.controllers, known[-1], controller.state()))
        return known[-1]

    def _run_missing(
        self, controller: Controller, numbers: range, store: TrialStore, recorder: Recorder
    ) -> Iterator[Trial]:
        """Runs and records the trials of a batch that the store lacks, within the budget of trials."""
        limit = self._config.search.trials
        missing = [number for number in numbers if number < limit and store.trial(number) is None]
        waiting = propose(controller, self._space, self._task, numbers, missing) if missing else []
        while waiting:
            fresh: dict[str, Candidate] = {}
            repeats: list[Candidate] = []
            for candidate in waiting:
                key = candidate.architecture_hash if self._reuses else str(candidate.number)
                same = store.same_architecture(key, REPEATABLE, before=candidate.number)
                if same is not None:
                    yield recorder.record(_repeat(candidate, same))
                elif key in fresh:
                    repeats.append(candidate)
                else:
                    fresh[key] = candidate
            yield from self._run_fresh(list(fresh.values()), recorder)
            waiting = repeats

    @property
    def _reuses(self) -> bool:
        return self._config.search.duplicates == "reuse"

    def _run_fresh(self, candidates: list[Candidate], recorder: Recorder) -> Iterator[Trial]:
        by_number = {candidate.number: candidate for candidate in candidates}
        for outcome in self._executor.run(self._jobs(candidates), self._evaluator):
            trial = self._trial(by_number[outcome.job.number], outcome)
            yield recorder.record(trial, outcome.evaluation)

    def _jobs(self, candidates: list[Candidate]) -> Iterator[Job]:
        for candidate in candidates:
            job = candidate.job(self._seed)
            self._listener.trial_started(job)
            yield job

    def _trial(self, candidate: Candidate, outcome: Outcome) -> Trial:
        evaluation = outcome.evaluation or Evaluation(float("nan"))
        metrics = {**candidate.cost, **evaluation.metrics}
        status, cause = outcome.status, outcome.cause
        broken = broken_constraint(self._space.constraints, metrics)
        if status == COMPLETE and broken is not None:
            status = "invalid"
            cause = f"{broken.measure} was measured as {metrics[broken.measure]:g}, but {broken} is required"
        return Trial(
            number=candidate.number,
            tokens=candidate.architecture.tokens,
            status=status,
            reward=evaluation.reward if status == COMPLETE else None,
            metrics=metrics,
            architecture_hash=candidate.architecture_hash,
            seed=outcome.job.seed,
            seconds=outcome.seconds,
            rejected=candidate.rejected,
            cause=cause,
            traceback=outcome.traceback,
        )

    def _stop_if_hopeless(self, failures: list[Trial]) -> None:
        limit = self._config.search.max_failures
        if len(failures) >= limit:
            last = failures[-1]
            raise WorkFailed(
                f"the last {limit} trials all failed, most recently trial {last.number} ({last.status}): {last.cause}",
                hint=f"`nasctl trials {self._folder.path}` lists them; search.max_failures sets the limit",
            )


def _repeat(candidate: Candidate, earlier: Trial) -> Trial:
    """The trial that answers a candidate with the result of an earlier one of the same network."""
    return replace(
        earlier,
        number=candidate.number,
        tokens=candidate.architecture.tokens,
        seconds=0.0,
        reused=earlier.number,
        rejected=candidate.rejected,
    )
