"""Local search (White et al. 2021): first improvement over one-decision neighbours, a new start where there is none."""

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
"""Where the search stands before anything succeeded."""

START_CANDIDATES = 100
"""Uniform strings of which the first that is new is a start."""


class LocalSearch:
    """Tries the neighbours of the string it stands on, in random order, and moves to the first that is better.

    Where all neighbours were tried and none is better, it stands on an optimum and begins again with a uniform string.
    A trial that ends while others are awaited counts as any other does: the search moves to whatever is better.

    Args:
      space: What is searched.
      seed: Seed of everything random.
      batch: Trials that it likes to see between two updates.
    """

    def __init__(self, space: Space, *, seed: int, batch: int = 1) -> None:
        self.batch = batch
        self._space = space
        self._seed = seed
        self._moves = Moves(make_plan(space))
        self._history = History(self._moves.length)
        self._position = NO_POSITION  # index of the trial that the search stands on

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials."""
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
        """The neighbourhood of where the search stands, less what is taken, in the order in which it is tried."""
        if self._position == NO_POSITION:
            return self._history.strings[:0]
        rng = np.random.default_rng((self._seed, self._position))
        here = self._history.strings[self._position]
        deeper = self._moves.complete(here[None], rng, forced)
        neighbours = self._moves.neighbours(deeper[0], rng, forced)
        # where the depth schedule has moved on, the string itself at the new depth comes first
        around = np.concatenate([deeper, rng.permutation(neighbours)])
        return around[[key not in excluded for key in string_keys(around)]]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Moves to each trial that is better, or that was a new start."""
        for trial in trials:
            string = np.array(trial.tokens, np.int32)
            stuck = not len(self._untried(self._depth(string), self._history.tried))
            self._history.observe([trial])
            reward = self._history.rewards[-1]
            if reward > (-np.inf if stuck else self._history.rewards[self._position]):
                self._position = len(self._history.strings) - 1
        return {}

    def _depth(self, string: Int[np.ndarray, " T"]) -> dict[int, int]:
        """What the depth schedule had fixed when a string was tried."""
        schedule = self._space.schedule
        if schedule is None or string[schedule.decision] == INACTIVE:
            return {}
        return {schedule.decision: int(string[schedule.decision])}

    def state(self) -> State:
        """Everything that was tried, and where the search stands."""
        return self._history.state() | {"at": np.asarray(self._position)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a state."""
        checked = check_state(state, self.state(), growing=True)
        self._history.restore(checked)
        self._position = int(checked["at"])
