"""How promising a string is: the logarithm of its expected improvement.

Letters: M strings.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.special import ndtr

from nasctl.controllers.reward_model.posterior import Prediction


def log_expected_improvement(prediction: Prediction, best: float) -> Float[np.ndarray, " M"]:
    """log E max(reward - best, 0) for normal rewards.

    With u = (mean - best) / deviation it is log deviation + log(φ(u) + u Φ(u)); far below the best, where that
    underflows, the second term is -u²/2 - log(√(2π) u²). A logarithm can be compared where the improvement itself
    is zero to the last digit (Ament et al. 2023).
    """
    mean, deviation = prediction
    u = (mean - best) / deviation
    near = np.maximum(u, -6.0)
    density = np.exp(-0.5 * near * near) / math.sqrt(2 * math.pi)
    improvement = np.log(np.maximum(density + near * ndtr(near), 1e-300))
    below = np.minimum(u, -6.0)
    far = -0.5 * below * below - 2 * np.log(-below) - 0.5 * math.log(2 * math.pi)
    result: Float[np.ndarray, " M"] = np.log(deviation) + np.where(u > -6.0, improvement, far)
    return result
