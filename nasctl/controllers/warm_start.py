"""A controller that begins with strings which a person already has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nasctl.controllers.controller import Controller, Observation, State
from nasctl.space import Tokens


class WarmStart:
    """Proposes given strings for the first trials, in order; what they are worth is news to the controller behind.

    A given string that breaks a constraint of the space is replaced by that controller's proposal.

    Args:
      controller: Proposes all later trials, and learns from all.
      strings: Valid strings of its space.
    """

    def __init__(self, controller: Controller, strings: Sequence[Tokens]) -> None:
        self.batch = controller.batch
        self._controller = controller
        self._strings = list(strings)

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials."""
        given = self._strings[first_trial : first_trial + count] if attempt == 0 else []
        rest = count - len(given)
        if not rest:
            return given
        known = [*pending, *given]
        return given + self._controller.propose(
            first_trial + len(given), rest, attempt=attempt, pending=known
        )

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """The controller learns from finished trials."""
        return self._controller.observe(trials)

    def state(self) -> State:
        """The controller's state."""
        return self._controller.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """The controller goes back to a state."""
        self._controller.restore(state)
