"""The budgets of a search: trials, time and epochs. The first one that is used up stops the search."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from nasctl.config import SearchConfig
from nasctl.store import Trial


class Budget:
    """Keeps track of the budgets of a search.

    Trials and epochs are counted over the whole run, time since this process started to search.

    Args:
      config: The limits.
      trials: The trials that the run already has.
    """

    def __init__(self, config: SearchConfig, trials: Iterable[Trial]) -> None:
        self._config = config
        self._started = time.monotonic()
        self._trials = 0
        self._epochs = 0
        for trial in trials:
            self.spend(trial)

    def spend(self, trial: Trial) -> None:
        """Subtracts what a trial used."""
        self._trials += 1
        if trial.reused is None:
            epochs = trial.metrics.get("epochs", 0.0)  # an evaluator may return any number
            self._epochs += int(epochs) if math.isfinite(epochs) and epochs > 0 else 0

    def used_up(self) -> str:
        """Which budget is used up, in words; an empty string while none is."""
        if self._trials >= self._config.trials:
            return f"all {self._config.trials} trials are done"
        if self._config.seconds and time.monotonic() - self._started >= self._config.seconds:
            return f"the time is up ({self._config.seconds:g} s)"
        if self._config.epochs and self._epochs >= self._config.epochs:
            return f"all {self._config.epochs} epochs of training are used"
        return ""

    def seconds_left(self) -> float | None:
        """The seconds that are left; None if there is no limit."""
        limit = self._config.seconds
        return max(0.0, limit - (time.monotonic() - self._started)) if limit else None
