"""A controller that proposes known token strings first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nasctl.controllers.controller import Controller, Observation, State
from nasctl.space import Tokens


class WarmStart:
    """Proposes the given strings for the first trials, in order, and leaves all later trials to another controller.

    The other controller observes all trials. It also replaces a given string that was rejected because it violates a
    constraint of the space.

    Args:
      controller: Proposes the later trials.
      strings: Valid strings of its space.
    """

    def __init__(self, controller: Controller, strings: Sequence[Tokens]) -> None:
        self.batch = controller.batch
        self._controller = controller
        self._strings = list(strings)

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Proposes token strings for consecutive trials (`Controller.propose`)."""
        first_strings = self._strings[first_trial : first_trial + count] if attempt == 0 else []
        rest = count - len(first_strings)
        if not rest:
            return first_strings
        all_pending = [*pending, *first_strings]
        return first_strings + self._controller.propose(
            first_trial + len(first_strings), rest, attempt=attempt, pending=all_pending
        )

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Passes the trials on to the controller."""
        return self._controller.observe(trials)

    def state(self) -> State:
        """Returns the state of the controller."""
        return self._controller.state()

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the state of the controller."""
        self._controller.restore(state)
