"""Local search (White et al. 2021): first improvement over one-decision neighbours, a new start where there is none."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.history import History
from nasctl.controllers.moves import Forced, Moves, Strings, Taken, as_strings, as_tokens, keys
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.state import check_state
from nasctl.space import INACTIVE, Space, Tokens

NOWHERE = -1
"""Where the search stands before anything succeeded."""

STARTS = 100
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
        self._at = NOWHERE  # index of the trial that the search stands on

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials."""
        taken = Taken(self._history.tried, as_strings(pending, self._moves.length))
        proposals: list[Tokens] = []
        for trial in range(first_trial, first_trial + count):
            forced = self._space.forced(trial)
            string = next(iter(self._untried(forced, taken)), None)
            if string is None:
                rng = np.random.default_rng((self._seed, trial, attempt))
                string = self._moves.first_new(self._moves.random(STARTS, rng, forced), taken)
            taken.add(string)
            proposals.append(as_tokens(string))
        return proposals

    def _untried(self, forced: Forced, taken: Container[bytes]) -> Strings:
        """The neighbourhood of where the search stands, less what is taken, in the order in which it is tried."""
        if self._at == NOWHERE:
            return self._history.strings[:0]
        rng = np.random.default_rng((self._seed, self._at))
        here = self._history.strings[self._at]
        deeper = self._moves.complete(here[None], rng, forced)
        neighbours = self._moves.neighbours(deeper[0], rng, forced)
        # where the depth schedule has moved on, the string itself at the new depth comes first
        around = np.concatenate([deeper, rng.permutation(neighbours)])
        return around[[key not in taken for key in keys(around)]]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Moves to each trial that is better, or that was a new start."""
        for trial in trials:
            string = np.array(trial.tokens, np.int32)
            stuck = not len(self._untried(self._depth(string), self._history.tried))
            self._history.observe([trial])
            reward = self._history.rewards[-1]
            if reward > (-np.inf if stuck else self._history.rewards[self._at]):
                self._at = len(self._history.strings) - 1
        return {}

    def _depth(self, string: Int[np.ndarray, " T"]) -> dict[int, int]:
        """What the depth schedule had fixed when a string was tried."""
        schedule = self._space.schedule
        if schedule is None or string[schedule.decision] == INACTIVE:
            return {}
        return {schedule.decision: int(string[schedule.decision])}

    def state(self) -> State:
        """Everything that was tried, and where the search stands."""
        return self._history.state() | {"at": np.asarray(self._at)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a state."""
        checked = check_state(state, self.state(), growing=True)
        self._history.restore(checked)
        self._at = int(checked["at"])
