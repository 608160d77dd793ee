"""Regularised evolution (Real et al. 2019): the youngest trials are the population, the best of a sample is mutated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.history import History
from nasctl.controllers.moves import ExcludedStrings, Forced, Moves, Strings, as_strings, as_tokens
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.state import check_state
from nasctl.space import Space, Tokens

POPULATION_SIZE = 20
"""The youngest trials that may be parents; older ones die however good they are."""

TOURNAMENT_SIZE = 20
"""Members drawn, with replacement, of which the best is the parent."""

MUTANTS = 8
"""Mutants of a parent, of one change, then two, then three and so on, of which the first that is new is taken."""


class Evolution:
    """Proposes mutants of the best of a sample of the youngest trials; uniform strings until there are enough.

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

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials."""
        excluded = ExcludedStrings(self._history.tried, as_strings(pending, self._moves.length))
        proposals: list[Tokens] = []
        for trial in range(first_trial, first_trial + count):
            rng = np.random.default_rng((self._seed, trial, attempt))
            string = self._moves.first_new(self._offspring(trial, rng, self._space.forced(trial)), excluded)
            excluded.add(string)
            proposals.append(as_tokens(string))
        return proposals

    def _offspring(self, trial: int, rng: np.random.Generator, forced: Forced) -> Strings:
        if trial < POPULATION_SIZE or not len(self._history.strings):
            return self._moves.random(MUTANTS, rng, forced)
        youngest = self._history.rewards[-POPULATION_SIZE:]
        drawn = rng.integers(0, len(youngest), TOURNAMENT_SIZE)
        parent = self._history.strings[-POPULATION_SIZE:][drawn[youngest[drawn].argmax()]]
        changes = np.repeat(np.arange(1, MUTANTS + 1), MUTANTS)
        return self._moves.mutated(np.repeat(parent[None], len(changes), axis=0), changes, rng, forced)

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """The trials join the population; there is nothing else to learn."""
        self._history.observe(trials)
        return {}

    def state(self) -> State:
        """Everything that was tried."""
        return self._history.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a history."""
        self._history.restore(check_state(state, self.state(), growing=True))
