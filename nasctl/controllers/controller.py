"""What a controller is: it proposes token strings and learns from their rewards."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from nasctl.space import Tokens

State = dict[str, np.ndarray]
"""Everything that a controller has learned, as arrays by name: what any format can store without a template."""


@dataclass(frozen=True)
class Observation:
    """One trial as a controller sees it.

    Attributes:
      tokens: The token string that was tried.
      reward: Its reward, larger is better; None if the trial failed.
    """

    tokens: Tokens
    reward: float | None


class Controller(Protocol):
    """Searches a space by proposing token strings; it knows decisions, not what they mean.

    A proposal depends on the seed, on the trial and the attempt, on what was observed and on what is pending: not on
    how many strings are asked for at once, and asking changes nothing.

    Attributes:
      batch: How many trials it likes to see between two updates.
    """

    batch: int

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings for the trials `first_trial`, `first_trial + 1`, …, valid in the space.

        Args:
          first_trial: Number of the first trial, from 0.
          count: How many trials.
          attempt: How many proposals for these trials were rejected before this one: each is another draw.
          pending: Strings that were proposed since the last observation, in the order of their trials: those whose
            rewards are still awaited, and those of this trial that were rejected. The first of several strings
            asked for at once are pending when the next is chosen.
        """
        ...

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Learns from finished trials, in this order, and returns what there is to log about it."""
        ...

    def state(self) -> State:
        """A copy of everything that was learned."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Goes back to a state; the same observations after it give the same proposals again.

        Raises:
          NasctlError: The state is not one of this controller on this space.
        """
        ...
