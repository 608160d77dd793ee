"""Fits the parameters of the reward model by maximum a posteriori estimation.

Letters: N strings; T decisions; V columns of the one-hot encoding.

The warped rewards y are modelled as a Gaussian process with mean μ and covariance q (K + σ² I), where K is the
kernel of `kernel.py` with weights w_1, …, w_T. Given w and σ², both μ and q have closed forms:

- μ is the generalised least squares mean, multiplied by N / (N + 2);
- q = (rᵀ (K + σ² I)⁻¹ r + 2) / (N + 2) with r = y - μ.

Both are regularised as if by two more observations of variance one. The remaining parameters are
θ = (log w_1, …, log w_T, log σ²), with independent normal priors.
"""

from __future__ import annotations

import math

import numpy as np
from jaxtyping import Float
from scipy.linalg import LinAlgError, cho_solve, cholesky, lapack
from scipy.optimize import minimize

from nasctl.controllers.reward_model.kernel import OneHotEncoding, correlation

# The priors are log w ~ N(-log T, 1) and log σ² ~ N(-5, 1.5²). Under them, two strings that differ in all decisions
# have a distance near one.
WEIGHT_DEVIATION = 1.0
NOISE_MEAN, NOISE_DEVIATION = -5.0, 1.5

WEIGHT_BOUNDS = (-9.0, 3.0)  # of log w
NOISE_BOUNDS = (-9.0, 1.0)  # of log σ²

Parameters = Float[np.ndarray, " P"]  # P = T + 1


def prior_mean(decisions: int) -> Parameters:
    """The mean of the prior of θ for a number of decisions."""
    return np.append(np.full(decisions, -math.log(decisions)), NOISE_MEAN)


def negative_log_posterior(
    theta: Parameters,
    encoding: OneHotEncoding,
    encoded: Float[np.ndarray, "N V"],
    rewards: Float[np.ndarray, " N"],
) -> tuple[float, Parameters]:
    """-log p(θ | rewards) up to a constant, and its gradient.

    Args:
      theta: θ.
      encoding: The one-hot encoding of the space.
      encoded: One-hot rows of the N strings.
      rewards: Their warped rewards.

    Returns:
      The value and its gradient; infinity and zeros if the covariance matrix is not positive definite.
    """
    count, decisions = len(rewards), len(theta) - 1
    weights, noise = np.exp(theta[:-1]), math.exp(theta[-1])
    kernel = correlation(encoding, weights, encoded, encoded)
    covariance = kernel.copy()
    covariance.flat[:: count + 1] += noise
    try:
        lower = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
    except LinAlgError:
        return math.inf, np.zeros_like(theta)
    solved = cho_solve((lower, True), np.stack([rewards, np.ones(count)], axis=1), check_finite=False)
    generalised, shrink = solved[:, 0].sum() / solved[:, 1].sum(), count / (count + 2)
    mean = shrink * generalised
    residual = solved[:, 0] - mean * solved[:, 1]
    scale = ((rewards - mean) @ residual + 2) / (count + 2)
    value = 0.5 * (count + 2) * math.log(scale) + float(np.log(np.diag(lower)).sum())

    inverse = lapack.dpotri(lower, lower=1)[0]
    inverse = np.tril(inverse) + np.tril(inverse, -1).T
    slope = np.outer(residual, residual) / scale - inverse  # -2 × gradient with respect to K
    # The shrunk mean does not minimise the value, so the gradient has a term through the mean.
    through_mean = shrink * residual.sum() / (scale * solved[:, 1].sum())
    slope -= 2 * through_mean * np.outer(solved[:, 1], solved[:, 0] - generalised * solved[:, 1])
    weighted = slope * kernel
    by_column = np.einsum("nv,nv->v", encoded, weighted @ encoded)
    agreeing = np.bincount(encoding.decision, by_column, decisions)
    gradient = np.append(0.5 * (weighted.sum() - agreeing) * weights, -0.5 * np.trace(slope) * noise)

    center = prior_mean(decisions)
    deviation = np.append(np.full(decisions, WEIGHT_DEVIATION), NOISE_DEVIATION)
    from_prior = (theta - center) / deviation
    return value + 0.5 * float(from_prior @ from_prior), gradient + from_prior / deviation


def fit(
    start: Parameters,
    encoding: OneHotEncoding,
    encoded: Float[np.ndarray, "N V"],
    rewards: Float[np.ndarray, " N"],
    iterations: int,
) -> Parameters:
    """Runs L-BFGS-B on `negative_log_posterior`.

    Args:
      start: Initial θ.
      encoding: The one-hot encoding of the space.
      encoded: One-hot rows of the N strings.
      rewards: Their warped rewards.
      iterations: Largest number of iterations.

    Returns:
      The final θ, or `start` if the result is not finite.
    """
    result = minimize(
        negative_log_posterior,
        start,
        args=(encoding, encoded, rewards),
        jac=True,
        method="L-BFGS-B",
        bounds=[WEIGHT_BOUNDS] * (len(start) - 1) + [NOISE_BOUNDS],
        options={"maxiter": iterations},
    )
    found: Parameters = result.x
    return found if np.isfinite(result.fun) and np.isfinite(found).all() else start
