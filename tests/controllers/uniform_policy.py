"""A policy that samples uniformly and learns nothing, for tests that do not need the LSTM."""

import numpy as np

from nasctl.config import ControllerConfig
from nasctl.controllers.guided import GuidedReinforce
from nasctl.controllers.moves import Moves
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.presets import hyperparameters


class UniformPolicy:
    def __init__(self, space, seed=0):
        self._moves = Moves(make_plan(space))
        self._seed = seed

    def sample(self, draw_id, given, temperature):
        return self._moves.complete(given, np.random.default_rng((self._seed, *draw_id)), {})

    def improve(self, strings, weights):
        return {}

    def state(self):
        return {}

    def restore(self, state):
        pass


def guided_without_lstm(space, seed=0):
    """The default controller with a uniform policy instead of the LSTM."""
    return GuidedReinforce(
        space, hyperparameters(ControllerConfig()), seed=seed, policy=UniformPolicy(space, seed)
    )
