"""The acquisition function of the guided search, and its maximisation over a pool of strings.

Letters: N strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Container
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int
from scipy.special import ndtr

from nasctl.controllers.moves import Strings, string_keys
from nasctl.controllers.reward_model.posterior import Prediction

CLIMBING_ROUNDS = 3
"""Largest number of rounds of hill climbing."""

CLIMBED_STRINGS = 3
"""Number of strings whose neighbours are evaluated in each round."""


class ScoredString(NamedTuple):
    """A string and its value under the acquisition function."""

    string: Int[np.ndarray, " T"]
    value: float


def log_expected_improvement(prediction: Prediction, best: float) -> Float[np.ndarray, " N"]:
    """Logarithm of the expected improvement, log E[max(reward - best, 0)], for normally distributed rewards.

    With u = (mean - best) / deviation, φ and Φ the standard normal density and distribution function, this is

        log(deviation) + log(φ(u) + u Φ(u)).

    For u < -6, where the second term loses all precision, it is replaced by -u²/2 - log(√(2π) u²). The logarithm
    still ranks strings whose expected improvement underflows to zero (Ament et al. 2023, "Unexpected Improvements
    to Expected Improvement for Bayesian Optimization", arXiv 2310.20708).

    Args:
      prediction: Predicted mean and standard deviation of each of N rewards.
      best: The reward to improve on, on the same scale.
    """
    mean, deviation = prediction
    u = (mean - best) / deviation
    near = np.maximum(u, -6.0)
    density = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)
    improvement = np.log(np.maximum(density + near * ndtr(near), 1e-300))
    below = np.minimum(u, -6.0)
    far = -0.5 * below * below - 2 * np.log(-below) - 0.5 * math.log(2 * math.pi)
    result: Float[np.ndarray, " N"] = np.log(deviation) + np.where(u > -6.0, improvement, far)
    return result


def maximise(
    pool: Strings,
    excluded: Container[bytes],
    acquisition: Callable[[Strings], Float[np.ndarray, " N"]],
    neighbours: Callable[[Int[np.ndarray, " T"]], Strings],
) -> ScoredString | None:
    """Finds a string with a high acquisition value by hill climbing from a pool.

    Evaluates the pool, then the neighbours of its best strings, then the neighbours of the best of those. Stops when
    a round brings no gain, and after `CLIMBING_ROUNDS` rounds.

    Args:
      pool: Strings to start from.
      excluded: Keys of the strings that must not be proposed. Their neighbours are not evaluated either.
      acquisition: Returns the acquisition values of N strings; larger is better.
      neighbours: Returns the neighbours of a string.

    Returns:
      The best string and its value, or None if the whole pool is excluded.
    """
    best: ScoredString | None = None
    for _ in range(CLIMBING_ROUNDS + 1):
        rows = {key: row for row, key in enumerate(string_keys(pool)) if key not in excluded}
        if not rows:
            break
        pool = pool[list(rows.values())]
        values = acquisition(pool)
        order = np.argsort(-values, kind="stable")[:CLIMBED_STRINGS]
        if best is not None and values[order[0]] <= best.value:
            break
        best = ScoredString(pool[order[0]], float(values[order[0]]))
        pool = np.concatenate([neighbours(pool[index]) for index in order])
    return best
