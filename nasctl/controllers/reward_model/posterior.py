"""The posterior of the Gaussian process.

Letters: N observed strings; M strings to predict; T decisions; V columns of the one-hot encoding.

The posterior uses the inverse W of the Cholesky factor, with (K + σ² I)⁻¹ = Wᵀ W. Like the factor itself, W is
lower triangular and gains one row per observation, but it turns every prediction into a matrix product.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import blas, cholesky, lapack

from nasctl.controllers.reward_model.fit import Parameters
from nasctl.controllers.reward_model.kernel import OneHotEncoding, correlation

LEAST_VARIANCE = 1e-9
"""Lower bound of the predicted variance, as a fraction of the prior variance."""


@dataclass(frozen=True, eq=False)
class CovarianceFactor:
    """The inverse Cholesky factor of the covariance of the observed strings.

    Attributes:
      encoding: The one-hot encoding of the space.
      weights: w, the weights of the kernel.
      noise: σ².
      encoded: One-hot rows of the observed strings.
      inverse: W.
    """

    encoding: OneHotEncoding
    weights: Float[np.ndarray, " T"]
    noise: float
    encoded: Float[np.ndarray, "N V"]
    inverse: Float[np.ndarray, "N N"]

    @classmethod
    def of(
        cls, encoding: OneHotEncoding, theta: Parameters, encoded: Float[np.ndarray, "N V"]
    ) -> CovarianceFactor:
        """Factors the covariance of some strings.

        Args:
          encoding: The one-hot encoding of the space.
          theta: The parameters θ (`fit.py`).
          encoded: One-hot rows of the strings.
        """
        weights, noise = np.exp(theta[:-1]), math.exp(theta[-1])
        covariance = correlation(encoding, weights, encoded, encoded)
        covariance.flat[:: len(covariance) + 1] += noise
        lower = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        inverse = np.tril(lapack.dtrtri(lower, lower=1)[0])
        return cls(encoding, weights, noise, encoded, np.ascontiguousarray(inverse))

    def extended(self, encoded: Float[np.ndarray, " V"]) -> CovarianceFactor:
        """The factor with one more string, in O(N²)."""
        count = len(self.encoded)
        shared = self.inverse @ self.correlations(encoded[None])[0]
        rest = math.sqrt(max(1 + self.noise - shared @ shared, self.noise))
        inverse = np.zeros((count + 1, count + 1))
        inverse[:count, :count] = self.inverse
        inverse[count, :count] = -(shared @ self.inverse) / rest
        inverse[count, count] = 1 / rest
        return replace(self, encoded=np.vstack([self.encoded, encoded]), inverse=inverse)

    def correlations(self, encoded: Float[np.ndarray, "M V"]) -> Float[np.ndarray, "M N"]:
        """The kernel between some strings and the observed ones."""
        return correlation(self.encoding, self.weights, encoded, self.encoded)


class Prediction(NamedTuple):
    """Predicted warped rewards of M strings.

    Attributes:
      mean: Posterior means.
      deviation: Posterior standard deviations, without the noise.
    """

    mean: Float[np.ndarray, " M"]
    deviation: Float[np.ndarray, " M"]


@dataclass(frozen=True, eq=False)
class Posterior:
    """The Gaussian process conditioned on rewards.

    Attributes:
      factor: The factor of the covariance.
      rewards: Warped rewards of the observed strings.
      mean: μ, the prior mean.
      residual: (K + σ² I)⁻¹ (rewards - μ).
      scale: q, the prior variance.
    """

    factor: CovarianceFactor
    rewards: Float[np.ndarray, " N"]
    mean: float
    residual: Float[np.ndarray, " N"]
    scale: float

    @classmethod
    def of(cls, factor: CovarianceFactor, rewards: Float[np.ndarray, " N"]) -> Posterior:
        """Conditions on the rewards of the factored strings."""
        count = len(rewards)
        solved = factor.inverse.T @ (factor.inverse @ np.stack([rewards, np.ones(count)], axis=1))
        mean = float(solved[:, 0].sum() / solved[:, 1].sum() * count / (count + 2))
        residual = solved[:, 0] - mean * solved[:, 1]
        scale = float(((rewards - mean) @ residual + 2) / (count + 2))
        return cls(factor, rewards, mean, residual, scale)

    @property
    def at_observed(self) -> Float[np.ndarray, " N"]:
        """Posterior means of the observed strings: their rewards without the estimated noise."""
        return self.rewards - self.factor.noise * self.residual

    def means(self, encoded: Float[np.ndarray, "M V"]) -> Float[np.ndarray, " M"]:
        """Posterior means of M strings, given as one-hot rows."""
        means: Float[np.ndarray, " M"] = self.mean + self.factor.correlations(encoded) @ self.residual
        return means

    def predict(self, encoded: Float[np.ndarray, "M V"]) -> Prediction:
        """Posterior means and standard deviations of M strings, given as one-hot rows."""
        kernel = self.factor.correlations(encoded)
        # BLAS reads the row-major W as its transpose in column-major order, which is upper triangular.
        explained = blas.dtrmm(1.0, self.factor.inverse.T, kernel.T, lower=0, trans_a=1)
        variance = np.maximum(1 - np.einsum("nm,nm->m", explained, explained), LEAST_VARIANCE)
        return Prediction(self.mean + kernel @ self.residual, np.sqrt(self.scale * variance))

    def fantasised(self, encoded: Float[np.ndarray, " V"], reward: float | None = None) -> Posterior:
        """The posterior after a fantasised observation of a string.

        Args:
          encoded: One-hot row of the string.
          reward: The fantasised reward; by default the posterior mean.
        """
        expected = float(self.means(encoded[None])[0]) if reward is None else reward
        return Posterior.of(self.factor.extended(encoded), np.append(self.rewards, expected))
