"""Moving statistics of the rewards, from which advantages are computed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

LARGEST_REWARD = 1e150
"""Rewards beyond ± this value count as this value, because their squares would overflow."""


@dataclass(frozen=True)
class RewardBaseline:
    """Statistics of the rewards observed so far.

    All arithmetic is in double precision, since rewards may be large with small differences.

    Attributes:
      count: Number of rewards.
      mean: Their exponential moving average, the baseline of REINFORCE.
      variance: Exponential moving average of their squared distance from the mean.
      worst: The smallest reward, which is substituted for failed trials; infinity before the first reward.
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
    ) -> tuple[RewardBaseline, Float[np.ndarray, " B"]]:
        """The statistics after a batch of rewards.

        The weight of the new rewards is their weight in a plain mean or in an exponential average, whichever is
        larger. The first rewards therefore have equal weights.

        Args:
          rewards: Rewards of B trials; None or a non-finite number for a failed trial.
          decay: Decay of the averages per reward.

        Returns:
          The new statistics, and the rewards with failures replaced by the worst reward. While all trials have
          failed, the statistics are unchanged and the rewards are NaN.
        """
        filled = np.array([math.nan if reward is None else reward for reward in rewards], float)
        filled[~np.isfinite(filled)] = math.nan
        filled = np.clip(filled, -LARGEST_REWARD, LARGEST_REWARD)
        failed = np.isnan(filled)
        worst = float(np.min(filled, where=~failed, initial=self.worst))
        if not math.isfinite(worst) or not len(filled):
            return self, filled
        filled[failed] = worst
        weight = max(1 - decay ** len(filled), len(filled) / (self.count + len(filled)))
        distance = float(filled.mean()) - self.mean
        spread = (1 - weight) * (self.variance + weight * distance**2) + weight * float(filled.var())
        return RewardBaseline(self.count + len(filled), self.mean + weight * distance, spread, worst), filled
