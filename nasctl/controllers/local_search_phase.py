"""A local search phase of the guided search: model-based hill climbing from a random string.

Expected improvement over the best reward keeps a search near its best string, where the model nearly always
expects a small improvement. To leave that basin, a local search phase starts from a uniform random string and
maximises the expected improvement over its current string. It needs few trials per step, since the model
ranks the neighbours, and it ends when the model expects no further improvement from any neighbour.

Letters: N strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.acquisition import log_expected_improvement
from nasctl.controllers.moves import Forced, Moves, Strings, string_keys
from nasctl.controllers.reward_model import RewardModel
from nasctl.controllers.reward_model.posterior import Posterior

MAX_DISTANCE = 4
"""Largest Hamming distance at which a better trial becomes the new centre of the phase."""

KNOWN_DISTANCE = 2
"""Largest Hamming distance at which the phase moves to a better string that was observed before.

Such a move takes no trial. A phase that reaches a known local optimum in this way ends at once.
"""

PATIENCE = 20
"""Number of trials within `MAX_DISTANCE` without an improvement after which the phase ends."""

MIN_LOG_IMPROVEMENT = math.log(0.005)
"""Smallest log expected improvement, in warped rewards of unit deviation, for which the phase goes on."""


@dataclass(frozen=True, eq=False)
class LocalSearchPhase:
    """The state of a local search phase.

    Attributes:
      centre: The current string. The first centre has not been observed yet.
      idle: Number of trials without an improvement since the centre last changed.
    """

    centre: Int[np.ndarray, " T"]
    idle: int = 0

    def after(self, model: RewardModel, strings: Iterable[Int[np.ndarray, " T"]]) -> LocalSearchPhase:
        """The phase after some more trials.

        Moves to each string within `MAX_DISTANCE` of the centre whose posterior mean is larger than the centre's. Then
        climbs over observed strings for as long as the reward increases.

        Args:
          model: The reward model, which has observed the trials.
          strings: Strings of the new trials, in order.
        """
        assert model.posterior is not None
        phase = self
        for string in strings:
            distance = int((string != phase.centre).sum())
            centre_mean, string_mean = model.posterior.means(
                model.encoding.encode(np.stack([phase.centre, string]))
            ).tolist()
            if 0 < distance <= MAX_DISTANCE and string_mean > centre_mean + 1e-6:
                phase = LocalSearchPhase(string)
            elif distance <= MAX_DISTANCE or string_keys(phase.centre[None])[0] not in model.tried:
                phase = replace(phase, idle=phase.idle + 1)
        return phase._climb_known(model)

    def _climb_known(self, model: RewardModel) -> LocalSearchPhase:
        """The phase after climbing over observed strings within `KNOWN_DISTANCE` to a local optimum."""
        if string_keys(self.centre[None])[0] not in model.tried:
            return self
        rewards = model.denoised_rewards()
        phase = self
        while True:
            distance = (model.strings != phase.centre).sum(axis=1)
            centre_reward = rewards[distance == 0].max()
            near = np.where(distance <= KNOWN_DISTANCE, rewards, -np.inf)
            best = int(near.argmax())
            if near[best] <= centre_reward + 1e-6:
                return phase
            phase = LocalSearchPhase(model.strings[best])

    def is_over(self, model: RewardModel, moves: Moves, rng: np.random.Generator, forced: Forced) -> bool:
        """Whether the phase has run out of patience or of expected improvement."""
        assert model.posterior is not None
        if self.idle >= PATIENCE:
            return True
        if string_keys(self.centre[None])[0] not in model.tried:
            return False
        next_step = self.next_string(model, model.posterior, moves, model.tried, rng, forced)
        return next_step is None or next_step[1] < MIN_LOG_IMPROVEMENT

    def next_string(
        self,
        model: RewardModel,
        posterior: Posterior,
        moves: Moves,
        excluded: Container[bytes],
        rng: np.random.Generator,
        forced: Forced,
    ) -> tuple[Int[np.ndarray, " T"], float] | None:
        """The next string of the phase and its log expected improvement over the centre.

        An unobserved centre comes first, with the value 0.

        Args:
          model: The reward model.
          posterior: Its posterior, in which pending trials may be fantasised.
          moves: Generates the neighbours.
          excluded: Keys of the strings that must not be proposed.
          rng: Source of randomness.
          forced: Tokens that the depth schedule fixes.

        Returns:
          The string and the value, or None if all neighbours are excluded.
        """
        centre: Strings = moves.complete(self.centre[None], rng, forced)
        if string_keys(centre)[0] not in excluded:
            return centre[0], 0.0
        neighbours = moves.neighbours(centre[0], rng, forced)
        neighbours = neighbours[[key not in excluded for key in string_keys(neighbours)]]
        if not len(neighbours):
            return None
        centre_mean = float(posterior.means(model.encoding.encode(centre))[0])
        prediction = posterior.predict(model.encoding.encode(neighbours))
        values: Float[np.ndarray, " N"] = log_expected_improvement(prediction, centre_mean)
        best = int(values.argmax())
        return neighbours[best], float(values[best])
