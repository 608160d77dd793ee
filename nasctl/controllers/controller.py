"""The interface of a controller."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from nasctl.space import Tokens

State = dict[str, np.ndarray]
"""What a controller has learned: arrays by name, which any format can store without a template."""


@dataclass(frozen=True)
class Observation:
    """A finished trial, as reported to a controller.

    Attributes:
      tokens: Its token string.
      reward: Its reward; larger is better. None if the trial failed.
    """

    tokens: Tokens
    reward: float | None


@runtime_checkable
class Controller(Protocol):
    """Proposes token strings of a space and learns from their rewards.

    A proposal is a function of the seed, the trial, the attempt, the observations so far and the pending strings. It
    does not depend on how many strings are requested in one call, and requesting it does not change the controller.

    Attributes:
      batch: Number of trials that the controller should observe at a time.
    """

    batch: int

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Proposes valid token strings for the trials `first_trial`, `first_trial + 1`, ….

        Args:
          first_trial: Number of the first trial, from 0.
          count: Number of trials.
          attempt: Number of earlier proposals for these trials that were rejected. Each attempt is a new draw.
          pending: Strings proposed since the last observation, in the order of their trials: first those that
            are being evaluated, then those that were rejected for this trial. When several strings are
            requested at once, each counts as pending for the ones after it.

        Returns:
          `count` token strings.
        """
        ...

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Learns from finished trials, in the given order.

        Returns:
          Metrics of the update by name, for the log.
        """
        ...

    def state(self) -> State:
        """Returns a copy of everything that was learned."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores a state. After it, the same observations lead to the same proposals.

        Raises:
          NasctlError: The state belongs to another controller or another space.
        """
        ...
