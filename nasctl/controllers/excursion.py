"""Local search under the reward model's guidance, from elsewhere: what gets a search out of the basin it has ended in.

Expected improvement over the best of all keeps to the surroundings of the best, where there is always a little to
expect. An excursion starts at a uniform string and asks for improvement over where it stands itself; the model, which
knows much about every region by then, needs a few trials a step, and says when a neighbourhood holds nothing more.

Letters: N strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.moves import Forced, Moves, Strings, keys
from nasctl.controllers.reward_model import RewardModel
from nasctl.controllers.reward_model.improvement import log_expected_improvement
from nasctl.controllers.reward_model.posterior import Posterior

REACH = 4
"""Decisions in which a trial may differ from where an excursion stands and still be a step of it."""

KNOWN = 2
"""Decisions in which a string that was tried and is better may differ for an excursion to go on from there, without
a trial: where it comes to a summit that is known, it is over at once."""

PATIENCE = 20
"""Trials within reach without a gain after which an excursion ends."""

HOPELESS = math.log(0.005)
"""Expected improvement, of rewards with a deviation of one, below which a neighbourhood holds nothing more."""


@dataclass(frozen=True, eq=False)
class Excursion:
    """A local search.

    Attributes:
      centre: The string that it stands on; at first one that was not tried yet.
      idle: Trials since it came there.
    """

    centre: Int[np.ndarray, " T"]
    idle: int = 0

    def advanced(self, model: RewardModel, strings: Iterable[Int[np.ndarray, " T"]]) -> Excursion:
        """The excursion after some more trials: on the best of those within reach, if that is better.

        From there it follows what is known already for as long as that goes up.
        """
        assert model.posterior is not None
        excursion = self
        for string in strings:
            distance = int((string != excursion.centre).sum())
            here, there = model.posterior.means(
                model.levels.indicators(np.stack([excursion.centre, string]))
            ).tolist()
            if 0 < distance <= REACH and there > here + 1e-6:
                excursion = Excursion(string)
            elif distance <= REACH or keys(excursion.centre[None])[0] not in model.tried:
                excursion = replace(excursion, idle=excursion.idle + 1)
        return excursion._along_known(model)

    def _along_known(self, model: RewardModel) -> Excursion:
        if keys(self.centre[None])[0] not in model.tried:
            return self
        believed = model.believed()
        excursion = self
        while True:
            distance = (model.strings != excursion.centre).sum(axis=1)
            here = believed[distance == 0].max()
            near = np.where(distance <= KNOWN, believed, -np.inf)
            best = int(near.argmax())
            if near[best] <= here + 1e-6:
                return excursion
            excursion = Excursion(model.strings[best])

    def ended(self, model: RewardModel, moves: Moves, rng: np.random.Generator, forced: Forced) -> bool:
        """Whether there is nothing more to expect around it, or nothing was gained for long."""
        assert model.posterior is not None
        if self.idle >= PATIENCE:
            return True
        if keys(self.centre[None])[0] not in model.tried:
            return False
        found = self.step(model, model.posterior, moves, model.tried, rng, forced)
        return found is None or found[1] < HOPELESS

    def step(
        self,
        model: RewardModel,
        posterior: Posterior,
        moves: Moves,
        taken: Container[bytes],
        rng: np.random.Generator,
        forced: Forced,
    ) -> tuple[Int[np.ndarray, " T"], float] | None:
        """The neighbour to try next and the logarithm of its expected improvement; None if all are taken.

        Where it stands on a string that was not tried, that comes first.
        """
        centre: Strings = moves.complete(self.centre[None], rng, forced)
        if keys(centre)[0] not in taken:
            return centre[0], 0.0
        neighbours = moves.neighbours(centre[0], rng, forced)
        neighbours = neighbours[[key not in taken for key in keys(neighbours)]]
        if not len(neighbours):
            return None
        here = float(posterior.means(model.levels.indicators(centre))[0])
        prediction = posterior.predict(model.levels.indicators(neighbours))
        values: Float[np.ndarray, " N"] = log_expected_improvement(prediction, here)
        best = int(values.argmax())
        return neighbours[best], float(values[best])
