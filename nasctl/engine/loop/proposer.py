"""Proposes the next trial, and has the controller learn from trials that have ended.

In a synchronous search, the controller has learned from exactly the first ⌊(n - a) / b⌋ b trials when it proposes trial
n, where b is the batch and a the setting `search.ahead`. The trials of a run are therefore the same however long each
child takes, however many workers there are, and however often the run is interrupted. A worker waits only for a child
that is more than `a` trials behind.
"""

from __future__ import annotations

import logging
import time
from itertools import count

from nasctl.arch_json import TaskInfo
from nasctl.config import Config
from nasctl.controllers import Controller, Observation
from nasctl.engine.loop.candidates import Candidate, candidate_of, propose
from nasctl.engine.loop.listener import Listener
from nasctl.errors import NasctlError
from nasctl.space import Space, Tokens
from nasctl.store import RunFolder, Trial, TrialStore
from nasctl.store.controller_checkpoint import checkpoints, load_controller, save_controller

_log = logging.getLogger(__name__)

SAVE_EVERY = 5.0
"""Seconds between two checkpoints of the controller. A resumed run repeats the updates after the last checkpoint."""


class Proposer:
    """Proposes the trials of a run, new or resumed, in the order of their numbers.

    Args:
      controller: A new controller; its last checkpoint in the run folder is restored.
      space: The space that is searched.
      config: Settings of the run.
      folder: The run folder, with the checkpoints of the controller.
      store: The trials of the run, ended and open.
      task: What the networks are measured on; None for spaces without networks.
      listener: Receives an event when the controller learns.
    """

    def __init__(
        self,
        controller: Controller,
        space: Space,
        config: Config,
        folder: RunFolder,
        store: TrialStore,
        *,
        task: TaskInfo | None,
        listener: Listener,
    ) -> None:
        self._controller = controller
        self._space = space
        self._folder = folder
        self._store = store
        self._task = task
        self._listener = listener
        self._limit = config.search.trials
        self._ahead = max(config.search.ahead, 0)
        self._in_order = config.search.updates == "synchronous"
        self._seen = self._saved = self._restore()
        self._last_save = time.monotonic()
        self._ended: dict[int, Observation] = {}
        self._arrivals: list[int] = []
        self._awaited: dict[int, Tokens] = {}
        self._next = 0
        self._recall()

    def open_candidates(self) -> list[Candidate]:
        """The trials that an earlier process proposed and did not finish."""
        return [
            candidate_of(self._space, self._task, trial.number, trial.tokens, trial.rejected)
            for trial in self._store.open_trials()
        ]

    def next(self) -> Candidate | None:
        """The next trial. None if it depends on trials that have not ended, or if the limit of trials is reached."""
        number = self._next
        if number >= self._limit or not self._learn(number):
            return None
        awaited = [self._awaited[earlier] for earlier in sorted(self._awaited)]
        candidate = propose(self._controller, self._space, self._task, number, awaited)
        tokens = candidate.architecture.tokens
        self._store.open_trial(number, tokens, candidate.rejected)
        self._awaited[number] = tokens
        self._next += 1
        return candidate

    def trial_ended(self, trial: Trial) -> None:
        """Adds a recorded trial to those that the controller can learn from."""
        self._ended[trial.number] = Observation(trial.tokens, trial.reward)
        self._arrivals.append(trial.number)

    def close(self) -> None:
        """Has the controller learn what the next proposal would need, and saves its state."""
        self._learn(self._next)
        self._save(at_once=True)

    def trials_seen_at(self, number: int) -> int:
        """Number of trials that the controller has learned from when it proposes a trial of a synchronous search."""
        batch = self._controller.batch
        return max(0, (number - self._ahead) // batch * batch)

    def _learn(self, number: int) -> bool:
        """Has the controller learn what a proposal needs; returns False if some of those trials have not ended."""
        batch = self._controller.batch
        while (
            self._seen < self.trials_seen_at(number)
            if self._in_order
            else self._seen + batch <= len(self._arrivals)
        ):
            numbers = (
                list(range(self._seen, self._seen + batch))
                if self._in_order
                else self._arrivals[self._seen : self._seen + batch]
            )
            if not all(earlier in self._ended for earlier in numbers):
                return False
            metrics = self._controller.observe([self._ended.pop(earlier) for earlier in numbers])
            for earlier in numbers:
                del self._awaited[earlier]
            self._seen += batch
            self._store.record_update(self._seen, metrics)
            self._listener.controller_updated(self._seen, metrics)
        self._save()
        return True

    def _save(self, *, at_once: bool = False) -> None:
        if self._seen > self._saved and (at_once or time.monotonic() - self._last_save > SAVE_EVERY):
            save_controller(self._folder.controllers, self._seen, self._controller.state())
            self._saved, self._last_save = self._seen, time.monotonic()

    def _restore(self) -> int:
        """Restores the last usable checkpoint of the controller; returns how many trials it had learned from.

        A damaged checkpoint is skipped: the controller learns again from the trials after the one before it, and ends
        in the same state.
        """
        learnable = self._recorded_before_a_gap() if self._in_order else len(self._store.arrivals())
        for seen in reversed(checkpoints(self._folder.controllers)):
            try:
                if seen > learnable:
                    raise NasctlError(
                        f"only {learnable} of the {seen} trials that it has learned from are recorded"
                    )
                self._controller.restore(load_controller(self._folder.controllers, seen))
            except NasctlError as error:
                _log.warning(
                    "the controller's state after %d trials is not used: %s. The controller learns again from the "
                    "recorded trials.",
                    seen,
                    error.message,
                )
                continue
            return seen
        return 0

    def _recorded_before_a_gap(self) -> int:
        """The number n for which the trials 0 to n - 1 are recorded, and trial n is not."""
        numbers = set(self._store.arrivals())
        return next(number for number in count() if number not in numbers)

    def _recall(self) -> None:
        """Reads the trials that the controller has not learned from, ended and open."""
        self._arrivals = self._store.arrivals()
        learned = set(range(self._seen)) if self._in_order else set(self._arrivals[: self._seen])
        for trial in self._store.trials():
            if trial.number not in learned:
                self._ended[trial.number] = Observation(trial.tokens, trial.reward)
                self._awaited[trial.number] = trial.tokens
        for open_trial in self._store.open_trials():
            self._awaited[open_trial.number] = open_trial.tokens
        numbers = [*self._arrivals, *self._awaited]
        self._next = max(numbers, default=-1) + 1
