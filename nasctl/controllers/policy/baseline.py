"""The reward's moving average and deviation: what turns rewards into advantages."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float


@dataclass(frozen=True)
class Baseline:
    """Statistics of the rewards seen so far.

    In double precision: rewards may be 1e6 with small differences, or differences of 1e-4.

    Attributes:
      count: Rewards seen.
      mean: Their exponential moving average, the baseline of REINFORCE.
      variance: Moving average of their squared distance from it.
      worst: The smallest of them, which failed trials are given; infinity before there is one.
    """

    count: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    worst: float = math.inf

    @property
    def deviation(self) -> float:
        """Square root of the variance."""
        return math.sqrt(self.variance)

    def update(
        self, rewards: Sequence[float | None], decay: float
    ) -> tuple[Baseline, Float[np.ndarray, " B"]]:
        """The statistics after some more rewards, and those rewards with failures filled in.

        The first rewards are averaged with equal weights, until that average is longer than the decay's.

        Args:
          rewards: None (or a number that is not finite) for a failed trial.
          decay: Decay of the averages, a reward.

        Returns:
          The new statistics, and the rewards. While nothing but failures was seen, those are NaN and the
          statistics are as they were.
        """
        filled = np.array([math.nan if reward is None else reward for reward in rewards], float)
        filled[~np.isfinite(filled)] = math.nan
        failed = np.isnan(filled)
        worst = float(np.min(filled, where=~failed, initial=self.worst))
        if not math.isfinite(worst) or not len(filled):
            return self, filled
        filled[failed] = worst
        weight = max(1 - decay ** len(filled), len(filled) / (self.count + len(filled)))
        distance = float(filled.mean()) - self.mean
        spread = (1 - weight) * (self.variance + weight * distance**2) + weight * float(filled.var())
        return Baseline(self.count + len(filled), self.mean + weight * distance, spread, worst), filled
