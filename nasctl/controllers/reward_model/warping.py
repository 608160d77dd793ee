"""Warps rewards to the scale of the Gaussian process.

Letters: N rewards.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


def fill_failures(rewards: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Replaces non-finite rewards by the smallest finite one, or by zero if there is none."""
    known = np.isfinite(rewards)
    return np.where(known, rewards, rewards[known].min() if known.any() else 0.0)


def warp(rewards: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """Compresses rewards below the median logarithmically, then standardises all.

    With m the median, t the 0.9 quantile and s = max(t - m, 0.05 · standard deviation), a reward y becomes u =
    (y - m) / s if u ≥ 0, and -log(1 - u) otherwise. Differences between bad rewards do not matter for the
    search, and a failure must not hide the differences between good ones. The result is invariant under y → a y
    + b with a > 0. It does not overflow: rewards are first divided by a power of two, which is exact.

    >>> warp(np.array([0.0, 91.0, 92.0, 93.0, 94.0])).round(2)
    array([-1.92,  0.07,  0.31,  0.62,  0.92])

    Returns:
      Warped rewards of mean 0 and standard deviation 1; zeros if all rewards are equal.
    """
    _, exponent = np.frexp(np.abs(rewards).max())
    rewards = np.ldexp(rewards, -exponent)
    middle, high = np.quantile(rewards, [0.5, 0.9])
    scale = max(high - middle, 0.05 * rewards.std())
    if not scale > 1e-12 * np.abs(rewards).max():
        return np.zeros(len(rewards))
    above = (rewards - middle) / scale
    warped = np.where(above < 0, -np.log1p(np.maximum(-above, 0)), above)
    standardised: Float[np.ndarray, " N"] = (warped - warped.mean()) / warped.std()
    return standardised
