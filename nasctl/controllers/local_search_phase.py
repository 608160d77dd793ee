"""Local search under the reward model's guidance, from elsewhere: what gets a search out of the basin it has ended in.

Expected improvement over the best of all keeps to the surroundings of the best, where there is always a little to
expect. An phase starts at a uniform string and asks for improvement over where it stands itself; the model, which
knows much about every region by then, needs a few trials a step, and says when a neighbourhood holds nothing more.

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
"""Decisions in which a trial may differ from where an excursion stands and still be a step of it."""

KNOWN_DISTANCE = 2
"""Decisions in which a string that was tried and is better may differ for an excursion to go on from there, without
a trial: where it comes to a summit that is known, it is over at once."""

PATIENCE = 20
"""Trials within reach without a gain after which an excursion ends."""

MIN_LOG_IMPROVEMENT = math.log(0.005)
"""Expected improvement, of rewards with a deviation of one, below which a neighbourhood holds nothing more."""


@dataclass(frozen=True, eq=False)
class LocalSearchPhase:
    """A local search.

    Attributes:
      centre: The string that it stands on; at first one that was not tried yet.
      idle: Trials since it came there.
    """

    centre: Int[np.ndarray, " T"]
    idle: int = 0

    def after(self, model: RewardModel, strings: Iterable[Int[np.ndarray, " T"]]) -> LocalSearchPhase:
        """The excursion after some more trials: on the best of those within reach, if that is better.

        From there it follows what is known already for as long as that goes up.
        """
        assert model.posterior is not None
        phase = self
        for string in strings:
            distance = int((string != phase.centre).sum())
            here, there = model.posterior.means(
                model.encoding.encode(np.stack([phase.centre, string]))
            ).tolist()
            if 0 < distance <= MAX_DISTANCE and there > here + 1e-6:
                phase = LocalSearchPhase(string)
            elif distance <= MAX_DISTANCE or string_keys(phase.centre[None])[0] not in model.tried:
                phase = replace(phase, idle=phase.idle + 1)
        return phase._climb_known(model)

    def _climb_known(self, model: RewardModel) -> LocalSearchPhase:
        if string_keys(self.centre[None])[0] not in model.tried:
            return self
        believed = model.denoised_rewards()
        phase = self
        while True:
            distance = (model.strings != phase.centre).sum(axis=1)
            here = believed[distance == 0].max()
            near = np.where(distance <= KNOWN_DISTANCE, believed, -np.inf)
            best = int(near.argmax())
            if near[best] <= here + 1e-6:
                return phase
            phase = LocalSearchPhase(model.strings[best])

    def is_over(self, model: RewardModel, moves: Moves, rng: np.random.Generator, forced: Forced) -> bool:
        """Whether there is nothing more to expect around it, or nothing was gained for long."""
        assert model.posterior is not None
        if self.idle >= PATIENCE:
            return True
        if string_keys(self.centre[None])[0] not in model.tried:
            return False
        found = self.next_string(model, model.posterior, moves, model.tried, rng, forced)
        return found is None or found[1] < MIN_LOG_IMPROVEMENT

    def next_string(
        self,
        model: RewardModel,
        posterior: Posterior,
        moves: Moves,
        excluded: Container[bytes],
        rng: np.random.Generator,
        forced: Forced,
    ) -> tuple[Int[np.ndarray, " T"], float] | None:
        """The neighbour to try next and the logarithm of its expected improvement; None if all are taken.

        Where it stands on a string that was not tried, that comes first.
        """
        centre: Strings = moves.complete(self.centre[None], rng, forced)
        if string_keys(centre)[0] not in excluded:
            return centre[0], 0.0
        neighbours = moves.neighbours(centre[0], rng, forced)
        neighbours = neighbours[[key not in excluded for key in string_keys(neighbours)]]
        if not len(neighbours):
            return None
        here = float(posterior.means(model.encoding.encode(centre))[0])
        prediction = posterior.predict(model.encoding.encode(neighbours))
        values: Float[np.ndarray, " N"] = log_expected_improvement(prediction, here)
        best = int(values.argmax())
        return neighbours[best], float(values[best])
