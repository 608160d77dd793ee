"""The reward model of a search: its observations, its fitted parameters and its posterior.

Letters: N observed strings; B new strings; A active strings; T decisions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.controller import State
from nasctl.controllers.moves import string_keys
from nasctl.controllers.policy.plan import Plan
from nasctl.controllers.reward_model.fit import fit, prior_mean
from nasctl.controllers.reward_model.kernel import OneHotEncoding
from nasctl.controllers.reward_model.posterior import CovarianceFactor, Posterior
from nasctl.controllers.reward_model.warping import fill_failures, warp
from nasctl.errors import NasctlError

MOST_ACTIVE = 450
"""Largest number of strings that the posterior is conditioned on.

If there are more, half of the active strings are the best ones, and the other half is drawn at random.
"""

SLACK = 50
"""Number of further strings that are added before the subset is chosen again."""

MOST_FITTED = 300
"""Largest number of strings that the parameters are fitted to."""

ITERATIONS = 12
"""Iterations of L-BFGS per fit; the first fit has twice as many."""


class RewardModel:
    """Predicts the rewards of token strings from the observed trials.

    Args:
      plan: The compiled space.
      seed: Seed of the choice of random subsets.

    Attributes:
      encoding: The one-hot encoding of the space.
      strings: The observed strings, N × T, in order.
      rewards: Their rewards; NaN for failed trials.
      tried: Keys of the strings (`moves.string_keys`).
      posterior: The posterior of the Gaussian process; None before the first observation.
    """

    def __init__(self, plan: Plan, seed: int) -> None:
        self.encoding = OneHotEncoding.of(plan)
        self.strings: Int[np.ndarray, "N T"] = np.zeros((0, plan.length), np.int32)
        self.rewards: Float[np.ndarray, " N"] = np.zeros(0)
        self.tried: set[bytes] = set()
        self.posterior: Posterior | None = None
        self._seed = seed
        self._warped = self.rewards
        self._theta = prior_mean(plan.length)
        self._fit_at = 0  # number of strings at which the next fit is due
        self._active: Int[np.ndarray, " A"] = np.zeros(0, int)
        self._factored = 0  # number of active strings in the last full factorisation

    def observe(self, strings: Int[np.ndarray, "B T"], rewards: Float[np.ndarray, " B"]) -> None:
        """Adds finished trials and updates the posterior.

        The parameters are fitted again when the number of trials has grown by one eighth, and by at least four.

        Args:
          strings: The strings of the trials.
          rewards: Their rewards; a non-finite reward is a failure.
        """
        known = len(self.strings)
        self.tried.update(string_keys(strings))
        self.strings = np.concatenate([self.strings, strings.astype(np.int32)])
        self.rewards = np.concatenate([self.rewards, np.where(np.isfinite(rewards), rewards, np.nan)])
        self._active = np.append(self._active, np.arange(known, len(self.strings)))
        warped = self._warped = warp(fill_failures(self.rewards))
        count = len(self.strings)
        too_many = len(self._active) > MOST_ACTIVE + SLACK
        if too_many:
            rng = np.random.default_rng((self._seed, count, 0))
            self._active = np.sort(_best_and_others(warped, MOST_ACTIVE, rng))
        if count >= self._fit_at:
            self._fit(warped)
        elif not too_many and self.posterior is not None:
            factor = self.posterior.factor
            for row in self.encoding.encode(strings):
                factor = factor.extended(row)
            self.posterior = Posterior.of(factor, warped[self._active])
            return
        self._factored = len(self._active)
        self._condition(warped)

    def _fit(self, warped: Float[np.ndarray, " N"]) -> None:
        count = len(warped)
        chosen = self._active
        if len(chosen) > MOST_FITTED:
            rng = np.random.default_rng((self._seed, count, 1))
            chosen = chosen[_best_and_others(warped[chosen], MOST_FITTED, rng)]
        iterations = ITERATIONS if self._fit_at else 2 * ITERATIONS
        encoded = self.encoding.encode(self.strings[chosen])
        self._theta = fit(self._theta, self.encoding, encoded, warped[chosen], iterations)
        self._fit_at = count + max(4, count // 8)

    def _condition(self, warped: Float[np.ndarray, " N"]) -> None:
        encoded = self.encoding.encode(self.strings[self._active])
        factor = CovarianceFactor.of(self.encoding, self._theta, encoded[: self._factored])
        for row in encoded[self._factored :]:
            factor = factor.extended(row)
        self.posterior = Posterior.of(factor, warped[self._active])

    def denoised_rewards(self) -> Float[np.ndarray, " N"]:
        """Warped rewards of all observed strings, without the estimated noise where the posterior is known."""
        rewards = self._warped.copy()
        if self.posterior is not None:
            rewards[self._active] = self.posterior.at_observed
        return rewards

    def best(self, count: int) -> Int[np.ndarray, " count"]:
        """Indices of the strings with the largest denoised rewards, in decreasing order."""
        rewards = self.denoised_rewards()
        least = np.partition(rewards, -count)[-count] if count < len(rewards) else -np.inf
        among = np.flatnonzero(rewards >= least)
        return among[np.argsort(-rewards[among], kind="stable")][:count]

    def state(self) -> State:
        """Returns the observations, the parameters and the choice of active strings."""
        return {
            "strings": self.strings.copy(),
            "rewards": self.rewards.copy(),
            "theta": self._theta.copy(),
            "fit_at": np.asarray(self._fit_at),
            "active": self._active.copy(),
            "factored": np.asarray(self._factored),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores a state.

        Raises:
          NasctlError: The strings have another number of decisions.
        """
        strings = np.asarray(state["strings"], np.int32)
        if strings.ndim != 2 or strings.shape[1] != self.strings.shape[1]:
            raise NasctlError("the saved state does not fit the controller: its strings are of another space")
        self.strings = strings.copy()
        self.tried = set(string_keys(strings))
        self.rewards = np.array(state["rewards"], float)
        self._theta = np.array(state["theta"], float)
        self._fit_at = int(state["fit_at"])
        self._active = np.array(state["active"], int)
        self._factored = int(state["factored"])
        self.posterior = None
        if len(strings):
            self._warped = warp(fill_failures(self.rewards))
            self._condition(self._warped)


def _best_and_others(
    rewards: Float[np.ndarray, " N"], count: int, rng: np.random.Generator
) -> Int[np.ndarray, " count"]:
    """Indices of a subset, half of which are the best strings and the other half a random sample of the rest."""
    order = np.argsort(-rewards, kind="stable")
    half = count // 2
    return np.concatenate([order[:half], rng.choice(order[half:], count - half, replace=False)])
