"""Regularised evolution, also called aging evolution.

Real et al. 2019, "Regularized Evolution for Image Classifier Architecture Search", arXiv 1802.01548, algorithm 1.
"""

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
"""Number of the youngest trials that may be parents (P). Older trials leave the population whatever their rewards."""

TOURNAMENT_SIZE = 20
"""Number of members drawn with replacement, the best of which becomes the parent (S)."""

MUTANTS = 8
"""Number of mutants for each number of changed decisions. Mutants with one changed decision come first, then those
with two, up to `MUTANTS` changes; the first one that was not proposed before is the offspring.
"""


class Evolution:
    """Proposes mutants of the winner of a tournament among the youngest trials.

    The first `POPULATION_SIZE` trials are uniform random strings.

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

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Proposes token strings for consecutive trials (`Controller.propose`)."""
        excluded = ExcludedStrings(self._history.tried, as_strings(pending, self._moves.length))
        proposals: list[Tokens] = []
        for trial in range(first_trial, first_trial + count):
            rng = np.random.default_rng((self._seed, trial, attempt))
            string = self._moves.first_new(self._offspring(trial, rng, self._space.forced(trial)), excluded)
            excluded.add(string)
            proposals.append(as_tokens(string))
        return proposals

    def _offspring(self, trial: int, rng: np.random.Generator, forced: Forced) -> Strings:
        """Candidates for a trial, in order of preference."""
        if trial < POPULATION_SIZE or not len(self._history.strings):
            return self._moves.random(MUTANTS, rng, forced)
        youngest = self._history.rewards[-POPULATION_SIZE:]
        drawn = rng.integers(0, len(youngest), TOURNAMENT_SIZE)
        parent = self._history.strings[-POPULATION_SIZE:][drawn[youngest[drawn].argmax()]]
        changes = np.repeat(np.arange(1, MUTANTS + 1), MUTANTS)
        return self._moves.mutated(np.repeat(parent[None], len(changes), axis=0), changes, rng, forced)

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Adds finished trials to the population. There are no metrics."""
        self._history.observe(trials)
        return {}

    def state(self) -> State:
        """Returns the strings and rewards of all trials."""
        return self._history.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the strings and rewards of all trials."""
        self._history.restore(check_state(state, self.state(), growing=True))
