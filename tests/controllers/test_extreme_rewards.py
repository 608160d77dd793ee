"""Any finite reward is learned from: controllers neither fail nor lose what they know."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_every_controller import MAKERS
from toy_spaces import flat

from nasctl.config import ControllerConfig
from nasctl.controllers import Observation, make_controller
from nasctl.controllers.reward_model.warping import fill_failures, warp

EXTREMES = {
    "beyond the square root of the largest": [1e154, 2e155, -1e160],
    "the largest": [1.7e308, 1e308, 1.6e308],
    "differences that overflow": [1e308, -1e308, 1.7e308, -1.7e308],
    "beyond single precision": [1e39, 1e40, -1e39],
    "denormal": [1e-320, 5e-324, 3e-320],
    "tiny and zero": [0.0, 1e-300, -0.0],
    "huge and tiny": [1e308, 1e-320, 0.0],
    "all equal": [1e300],
    "all zero": [0.0],
    "failures between": [1e308, None, -1e308, None],
    "not finite": [math.nan, math.inf, -math.inf, 1e308],
}
"""Rewards of successive trials, which are repeated."""

TRAINED = {
    "reinforce": ControllerConfig(reward_model=False, batch=4),
    "paper": ControllerConfig(preset="paper", batch=4),
}
"""The controllers without a reward model, which is what reads the sizes of rewards."""


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("rewards", EXTREMES.values(), ids=EXTREMES)
@pytest.mark.filterwarnings("error")
def test_controllers_go_on_with_any_finite_reward(name, rewards):
    controller, space = MAKERS[name](flat(3, 3, 4, 5), 0), flat(3, 3, 4, 5)
    for trial in range(20):
        (tokens,) = controller.propose(trial, 1)
        assert space.validate(tokens) == tokens
        metrics = controller.observe([Observation(tokens, rewards[trial % len(rewards)])])
        assert all(math.isfinite(value) for value in metrics.values())
    restored = MAKERS[name](flat(3, 3, 4, 5), 0)
    restored.restore(controller.state())
    assert restored.propose(20, 1) == controller.propose(20, 1)


@pytest.mark.parametrize("config", TRAINED.values(), ids=TRAINED)
@pytest.mark.filterwarnings("error")
def test_a_policy_stays_finite_with_any_finite_reward(config):
    controller = make_controller(flat(2, 3), config, seed=0)
    for number, rewards in enumerate(EXTREMES.values()):
        tokens = controller.propose(4 * number, 4)
        drawn = [Observation(string, rewards[at % len(rewards)]) for at, string in enumerate(tokens)]
        metrics = controller.observe(drawn)
        assert all(math.isfinite(value) for value in metrics.values())
    state = controller.state()
    assert all(np.isfinite(array).all() for array in state.values())


finite = st.floats(allow_nan=False, allow_infinity=False)


@given(st.lists(finite, min_size=1, max_size=12))
@pytest.mark.filterwarnings("error")
def test_warped_rewards_are_finite_and_keep_the_order(rewards):
    warped = warp(fill_failures(np.array(rewards)))
    assert np.isfinite(warped).all()
    assert (np.diff(warped[np.argsort(rewards, kind="stable")]) >= 0).all()


@given(st.lists(st.integers(-1000, 1000), min_size=2, max_size=12), st.integers(-900, 900))
def test_warped_rewards_do_not_depend_on_a_power_of_two(rewards, exponent):
    numbers = np.array(rewards, float)
    assert (warp(numbers) == warp(np.ldexp(numbers, exponent))).all()
