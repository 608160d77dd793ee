"""The observations of the reward model."""

import numpy as np
import pytest
from toy_spaces import flat

from nasctl.controllers.moves import Moves
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.reward_model import RewardModel


@pytest.mark.parametrize("count", [1, 5, 39, 40, 100])
def test_the_best_strings_are_those_of_a_full_sort(count: int) -> None:
    plan, rng = make_plan(flat(3, 4, 3, 4)), np.random.default_rng(0)
    model = RewardModel(plan, seed=0)
    strings = Moves(plan).random(40, rng, {})
    strings[20:30] = strings[:10]  # repeated strings have the same posterior
    model.observe(strings, rng.integers(0, 4, 40).astype(float))
    assert model.posterior is not None
    order = np.argsort(-model.posterior.at_observed, kind="stable")
    assert model.best(count).tolist() == order[:count].tolist()


def test_there_are_no_best_strings_before_the_first_observation() -> None:
    assert len(RewardModel(make_plan(flat(2, 2)), seed=0).best(3)) == 0
