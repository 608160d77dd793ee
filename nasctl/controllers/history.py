"""What was tried and what it was worth, in the order in which it was reported: what the plain searchers remember."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.moves import Strings, as_strings, keys


class History:
    """Token strings and their rewards.

    Args:
      length: Number of decisions of a string.

    Attributes:
      strings: The strings.
      rewards: Their rewards, minus infinity for failed trials.
      tried: Keys of the strings.
    """

    def __init__(self, length: int) -> None:
        self.strings: Strings = np.zeros((0, length), np.int32)
        self.rewards: Float[np.ndarray, " N"] = np.zeros(0)
        self.tried: set[bytes] = set()

    def observe(self, trials: Sequence[Observation]) -> None:
        """Adds finished trials."""
        strings = as_strings([trial.tokens for trial in trials], self.strings.shape[1])
        rewards = np.array([-np.inf if trial.reward is None else trial.reward for trial in trials], float)
        self.strings = np.concatenate([self.strings, strings])
        self.rewards = np.append(self.rewards, np.where(np.isfinite(rewards), rewards, -np.inf))
        self.tried.update(keys(strings))

    def state(self) -> State:
        """The strings and rewards; one row a trial."""
        return {"strings": self.strings.copy(), "rewards": self.rewards.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a checked state."""
        self.strings = np.array(state["strings"], np.int32)
        self.rewards = np.array(state["rewards"], float)
        self.tried = set(keys(self.strings))
