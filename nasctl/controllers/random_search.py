"""Uniform random search, the baseline of all other controllers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.state import check_state
from nasctl.space import Space, Tokens, sample_uniform


class RandomSearch:
    """Draws the token string of each trial uniformly, from a random stream seeded with (seed, trial, attempt).

    Args:
      space: The space to search.
      seed: Seed of all random numbers.
      batch: Number of trials to observe at a time.
    """

    def __init__(self, space: Space, *, seed: int, batch: int = 1) -> None:
        self.batch = batch
        self._space = space
        self._seed = seed
        self._observed = 0

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Proposes token strings for consecutive trials (`Controller.propose`)."""
        return [
            sample_uniform(
                self._space,
                np.random.default_rng((self._seed, trial, attempt)),
                self._space.forced(trial),
            )
            for trial in range(first_trial, first_trial + count)
        ]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Counts the trials; there is nothing to learn."""
        self._observed += len(trials)
        return {}

    def state(self) -> State:
        """Returns the number of observed trials."""
        return {"observed": np.asarray(self._observed)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the number of observed trials."""
        self._observed = int(check_state(state, self.state())["observed"])
