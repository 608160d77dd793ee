"""What is believed about every string after some were tried: the Gaussian process's posterior.

Letters: N strings that were tried; M strings that are asked about; T decisions; V levels of all decisions together.

The inverse factor W, with (K + σ² I)⁻¹ = Wᵀ W, is lower triangular like the Cholesky factor that it inverts, grows by a
row a string, and makes every prediction a matrix product.
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
"""Smallest variance, as a part of the prior's, that is predicted."""


@dataclass(frozen=True, eq=False)
class CovarianceFactor:
    """The covariance of the strings that were tried, factored.

    Attributes:
      encoding: Where tokens stand among the encoded.
      weights: w, what it costs two strings to differ in each decision.
      noise: σ².
      encoded: The strings.
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
        """Factors the covariance of some strings from nothing."""
        weights, noise = np.exp(theta[:-1]), math.exp(theta[-1])
        covariance = correlation(encoding, weights, encoded, encoded)
        covariance.flat[:: len(covariance) + 1] += noise
        lower = cholesky(covariance, lower=True, overwrite_a=True, check_finite=False)
        inverse = np.tril(lapack.dtrtri(lower, lower=1)[0])
        return cls(encoding, weights, noise, encoded, np.ascontiguousarray(inverse))

    def extended(self, encoded: Float[np.ndarray, " V"]) -> CovarianceFactor:
        """The factor with one string more."""
        count = len(self.encoded)
        shared = self.inverse @ self.correlations(encoded[None])[0]
        rest = math.sqrt(max(1 + self.noise - shared @ shared, self.noise))
        inverse = np.zeros((count + 1, count + 1))
        inverse[:count, :count] = self.inverse
        inverse[count, :count] = -(shared @ self.inverse) / rest
        inverse[count, count] = 1 / rest
        return replace(self, encoded=np.vstack([self.encoded, encoded]), inverse=inverse)

    def correlations(self, encoded: Float[np.ndarray, "M V"]) -> Float[np.ndarray, "M N"]:
        """The kernel between strings and those that were tried."""
        return correlation(self.encoding, self.weights, encoded, self.encoded)


class Prediction(NamedTuple):
    """What is expected of some strings, in warped rewards."""

    mean: Float[np.ndarray, " M"]
    deviation: Float[np.ndarray, " M"]


@dataclass(frozen=True, eq=False)
class Posterior:
    """The factor, conditioned on rewards.

    Attributes:
      factor: The strings' covariance.
      rewards: Warped rewards of the strings.
      mean: μ, the constant that is expected far from every string.
      residual: (K + σ² I)⁻¹ (rewards - μ).
      scale: q, the variance that the kernel is multiplied by.
    """

    factor: CovarianceFactor
    rewards: Float[np.ndarray, " N"]
    mean: float
    residual: Float[np.ndarray, " N"]
    scale: float

    @classmethod
    def of(cls, factor: CovarianceFactor, rewards: Float[np.ndarray, " N"]) -> Posterior:
        """Conditions on rewards."""
        count = len(rewards)
        both = factor.inverse.T @ (factor.inverse @ np.stack([rewards, np.ones(count)], axis=1))
        mean = float(both[:, 0].sum() / both[:, 1].sum() * count / (count + 2))
        residual = both[:, 0] - mean * both[:, 1]
        scale = float(((rewards - mean) @ residual + 2) / (count + 2))
        return cls(factor, rewards, mean, residual, scale)

    @property
    def at_observed(self) -> Float[np.ndarray, " N"]:
        """The mean of the strings that were tried: their rewards less what is taken for noise."""
        return self.rewards - self.factor.noise * self.residual

    def means(self, encoded: Float[np.ndarray, "M V"]) -> Float[np.ndarray, " M"]:
        """The mean of some strings."""
        means: Float[np.ndarray, " M"] = self.mean + self.factor.correlations(encoded) @ self.residual
        return means

    def predict(self, encoded: Float[np.ndarray, "M V"]) -> Prediction:
        """Mean and standard deviation of some strings, without the noise."""
        kernel = self.factor.correlations(encoded)
        # W is lower triangular; seen as BLAS sees it, by columns, its transpose is upper triangular
        explained = blas.dtrmm(1.0, self.factor.inverse.T, kernel.T, lower=0, trans_a=1)
        variance = np.maximum(1 - np.einsum("nm,nm->m", explained, explained), LEAST_VARIANCE)
        return Prediction(self.mean + kernel @ self.residual, np.sqrt(self.scale * variance))

    def fantasised(self, encoded: Float[np.ndarray, " V"], reward: float | None = None) -> Posterior:
        """The posterior after a string whose reward is awaited, believed to be what is expected, or as given."""
        expected = float(self.means(encoded[None])[0]) if reward is None else reward
        return Posterior.of(self.factor.extended(encoded), np.append(self.rewards, expected))
