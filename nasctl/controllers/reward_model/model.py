"""The reward model of a search: keeps what was observed, and its parameters and posterior up to date.

Letters: N strings that were tried; B new ones; T decisions.
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
"""Strings that the posterior is conditioned on; beyond, the best half of them and others at random."""

SLACK = 50
"""Strings that may join them before they are chosen again."""

MOST_FITTED = 300
"""Strings that the parameters are fitted to."""

ITERATIONS = 12
"""Iterations of a fit; the first one has twice as many."""


class RewardModel:
    """Predicts rewards of token strings.

    Args:
      plan: The compiled space.
      seed: Decides which strings are left out where there are too many.

    Attributes:
      encoding: Where tokens stand among the encoded.
      strings: All that was observed, in order.
      rewards: Their rewards, NaN for failures.
      tried: Keys of the strings.
      posterior: What is believed about every string; None before anything was observed.
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
        self._fit_at = 0  # number of strings at which the parameters are fitted next
        self._active: Int[np.ndarray, " A"] = np.zeros(0, int)
        self._factored = (
            0  # how many of the active strings were factored at once; the others joined one by one
        )

    def observe(self, strings: Int[np.ndarray, "B T"], rewards: Float[np.ndarray, " B"]) -> None:
        """Takes in finished trials; a reward that is not finite is a failure."""
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
        """Warped rewards of all that was observed, less what is taken for noise where the posterior knows it."""
        believed = self._warped.copy()
        if self.posterior is not None:
            believed[self._active] = self.posterior.at_observed
        return believed

    def best(self, count: int) -> Int[np.ndarray, " count"]:
        """Indices of the best strings that were tried, in order, by posterior mean where it is known."""
        believed = self.denoised_rewards()
        least = np.partition(believed, -count)[-count] if count < len(believed) else -np.inf
        among = np.flatnonzero(believed >= least)
        return among[np.argsort(-believed[among], kind="stable")][:count]

    def state(self) -> State:
        """What was observed, the parameters, and what the posterior is conditioned on."""
        return {
            "strings": self.strings.copy(),
            "rewards": self.rewards.copy(),
            "theta": self._theta.copy(),
            "fit_at": np.asarray(self._fit_at),
            "active": self._active.copy(),
            "factored": np.asarray(self._factored),
        }

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a state.

        Raises:
          NasctlError: Its strings are not of this space.
        """
        strings = np.asarray(state["strings"], np.int32)
        if strings.ndim != 2 or strings.shape[1] != self.strings.shape[1]:
            raise NasctlError("the saved state does not fit the controller: strings of another space")
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
    """Indices of some strings: the best half of the count, the others at random."""
    order = np.argsort(-rewards, kind="stable")
    half = count // 2
    return np.concatenate([order[:half], rng.choice(order[half:], count - half, replace=False)])
