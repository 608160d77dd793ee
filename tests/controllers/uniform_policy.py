"""In the LSTM's place where a test is about what is done with its strings: samples uniformly, learns nothing."""

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
    """The default controller with a policy that needs no compilation."""
    return GuidedReinforce(
        space, hyperparameters(ControllerConfig()), seed=seed, policy=UniformPolicy(space, seed)
    )
