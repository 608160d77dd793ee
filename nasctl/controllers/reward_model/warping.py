"""Rewards as the reward model sees them: on a scale of their own, bad ones drawn together.

Letters: N rewards.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def fill_failures(rewards: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The rewards with the worst of them in place of those that are not finite; zeros if there are only those."""
    known = np.isfinite(rewards)
    return np.where(known, rewards, rewards[known].min() if known.any() else 0.0)


def warp(rewards: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Rewards standardised, after those below the median were compressed by a logarithm.

    With m the median, t the 0.9 quantile and s = max(t - m, 0.05 of the standard deviation), a reward y becomes
    u = (y - m) / s, and -log(1 - u) where that is negative. How bad the bad ones are is no concern of a search:
    a failure must not hide the differences between the good ones. The result is the same for a·y + b, a > 0.

    >>> warp(np.array([0.0, 91.0, 92.0, 93.0, 94.0])).round(2)
    array([-1.9 , -0.25,  0.18,  0.72,  1.26])
    """
    middle, high = np.quantile(rewards, [0.5, 0.9])
    scale = max(high - middle, 0.05 * rewards.std())
    if not scale > 1e-12 * np.abs(rewards).max():
        return np.zeros(len(rewards))
    above = (rewards - middle) / scale
    warped = np.where(above < 0, -np.log1p(np.maximum(-above, 0)), above)
    standardised: Float[np.ndarray, " N"] = (warped - warped.mean()) / warped.std()
    return standardised
