"""The history of a search: all strings and rewards, in the order in which they were observed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.moves import Strings, as_strings, string_keys

INITIAL_CAPACITY = 64
"""Number of trials for which memory is allocated at first. The capacity doubles when it is exceeded."""


class History:
    """The observed token strings and their rewards.

    Letters: N observed trials; T decisions; R rows of the arrays, N of which are in use.

    Args:
      length: T.

    Attributes:
      tried: Keys of the observed strings (`moves.string_keys`).
    """

    def __init__(self, length: int) -> None:
        self.tried: set[bytes] = set()
        self._count = 0
        self._strings: Strings = np.zeros((INITIAL_CAPACITY, length), np.int32)
        self._rewards: Float[np.ndarray, " R"] = np.zeros(INITIAL_CAPACITY)

    @property
    def strings(self) -> Strings:
        """The observed strings, N × T."""
        return self._strings[: self._count]

    @property
    def rewards(self) -> Float[np.ndarray, " N"]:
        """The rewards of the observed strings; -inf for failed trials."""
        return self._rewards[: self._count]

    def observe(self, trials: Sequence[Observation]) -> None:
        """Appends finished trials. A missing or non-finite reward is stored as -inf."""
        strings = as_strings([trial.tokens for trial in trials], self._strings.shape[1])
        rewards = np.array([-np.inf if trial.reward is None else trial.reward for trial in trials], float)
        self._add(strings, np.where(np.isfinite(rewards), rewards, -np.inf))

    def _add(self, strings: Strings, rewards: Float[np.ndarray, " N"]) -> None:
        start, self._count = self._count, self._count + len(strings)
        while self._count > len(self._strings):
            self._strings = np.concatenate([self._strings, np.zeros_like(self._strings)])
            self._rewards = np.concatenate([self._rewards, np.zeros_like(self._rewards)])
        self._strings[start : self._count], self._rewards[start : self._count] = strings, rewards
        self.tried.update(string_keys(strings))

    def state(self) -> State:
        """Returns copies of the strings and rewards, with one row per trial."""
        return {"strings": self.strings.copy(), "rewards": self.rewards.copy()}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores a state that `check_state` has accepted."""
        self._count = 0
        self.tried.clear()
        self._add(np.array(state["strings"], np.int32), np.array(state["rewards"], float))
