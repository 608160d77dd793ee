"""Local search with random restarts.

White et al. 2021, "Exploring the Loss Landscape in Neural Architecture Search", arXiv 2005.02960, algorithm 1.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.history import History
from nasctl.controllers.moves import (
    ExcludedStrings,
    Forced,
    Moves,
    Strings,
    as_strings,
    as_tokens,
    string_keys,
)
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.state import check_state
from nasctl.space import INACTIVE, Space, Tokens

NO_POSITION = -1
"""Value of the current position before the first trial has succeeded."""

START_CANDIDATES = 100
"""Number of uniform strings drawn for a restart. The first one that was not proposed before is the new start."""


class LocalSearch:
    """Tries the neighbours of the current string in random order and moves to the first one with a larger reward.

    Neighbours differ in one decision. When all neighbours have been tried and none is better, the current string is a
    local optimum and the search restarts from a uniform random string. Trials may finish while others are still
    pending: the search moves whenever a reward exceeds that of the current string.

    Args:
      space: The space to search.
      seed: Seed of all random numbers.
      batch: Number of trials to observe at a time.
    """

    def __init__(self, space: Space, *, seed: int, batch: int = 1) -> None:
        self.batch = batch
        self._space = space
        self._seed = seed
        self._moves = Moves(make_plan(space))
        self._history = History(self._moves.length)
        self._position = NO_POSITION  # index of the current string in the history

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Proposes token strings for consecutive trials (`Controller.propose`)."""
        excluded = ExcludedStrings(self._history.tried, as_strings(pending, self._moves.length))
        proposals: list[Tokens] = []
        for trial in range(first_trial, first_trial + count):
            forced = self._space.forced(trial)
            string = next(iter(self._untried(forced, excluded)), None)
            if string is None:
                rng = np.random.default_rng((self._seed, trial, attempt))
                string = self._moves.first_new(self._moves.random(START_CANDIDATES, rng, forced), excluded)
            excluded.add(string)
            proposals.append(as_tokens(string))
        return proposals

    def _untried(self, forced: Forced, excluded: Container[bytes]) -> Strings:
        """The neighbours of the current string that are not excluded, in the order in which they are tried."""
        if self._position == NO_POSITION:
            return self._history.strings[:0]
        rng = np.random.default_rng((self._seed, self._position))
        current = self._history.strings[self._position]
        deeper = self._moves.complete(current[None], rng, forced)
        neighbours = self._moves.neighbours(deeper[0], rng, forced)
        # After the depth schedule has moved on, the current string completed to the new depth comes first.
        ordered = np.concatenate([deeper, rng.permutation(neighbours)])
        return ordered[[key not in excluded for key in string_keys(ordered)]]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Moves to each trial that is better than the current one, or that is a restart. There are no metrics."""
        for trial in trials:
            string = np.array(trial.tokens, np.int32)
            stuck = not len(self._untried(self._depth(string), self._history.tried))
            self._history.observe([trial])
            reward = self._history.rewards[-1]
            if reward > (-np.inf if stuck else self._history.rewards[self._position]):
                self._position = len(self._history.strings) - 1
        return {}

    def _depth(self, string: Int[np.ndarray, " T"]) -> dict[int, int]:
        """The decision that the depth schedule fixed when the string was tried, and its token."""
        schedule = self._space.schedule
        if schedule is None or string[schedule.decision] == INACTIVE:
            return {}
        return {schedule.decision: int(string[schedule.decision])}

    def state(self) -> State:
        """Returns the history and the current position."""
        return self._history.state() | {"at": np.asarray(self._position)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the history and the current position."""
        checked = check_state(state, self.state(), growing=True)
        self._history.restore(checked)
        self._position = int(checked["at"])
