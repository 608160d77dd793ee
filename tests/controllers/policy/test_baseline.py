"""The moving statistics of the rewards."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.controllers.policy.baseline import RewardBaseline

rewards = st.lists(st.floats(-100, 100), min_size=1, max_size=20)


@given(rewards)
def test_the_first_rewards_have_equal_weights(values):
    baseline, _ = RewardBaseline().update(values, decay=0.99)
    assert baseline.mean == pytest.approx(np.mean(values), abs=1e-9)
    assert baseline.deviation == pytest.approx(np.std(values), abs=1e-6)
    assert baseline.worst == min(values)


@given(rewards, rewards)
def test_early_rewards_in_two_batches_equal_those_in_one(first, second):
    two = RewardBaseline().update(first, decay=0.999)[0].update(second, decay=0.999)[0]
    one = RewardBaseline().update(first + second, decay=0.999)[0]
    assert two.mean == pytest.approx(one.mean, abs=1e-6)
    assert two.variance == pytest.approx(one.variance, abs=1e-6)


def test_old_rewards_are_forgotten():
    baseline, _ = RewardBaseline().update([0.0] * 50, decay=0.9)
    for _ in range(20):
        baseline, _ = baseline.update([1.0] * 5, decay=0.9)
    assert baseline.mean == pytest.approx(1, abs=1e-3)
    assert baseline.deviation < 0.05


def test_a_reward_moves_the_average_by_one_minus_the_decay():
    baseline = RewardBaseline(count=1000.0, mean=2.0, variance=0.0, worst=2.0)
    assert baseline.update([3.0], decay=0.95)[0].mean == pytest.approx(2.05)


@pytest.mark.parametrize("failure", [None, math.nan, math.inf, -math.inf])
def test_failures_are_given_the_worst_reward_seen(failure):
    baseline, filled = RewardBaseline().update([3.0, failure, 2.0], decay=0.95)
    assert filled.tolist() == [3.0, 2.0, 2.0]
    assert baseline.update([failure, 5.0], decay=0.95)[1].tolist() == [2.0, 5.0]


def test_failures_alone_change_no_statistics():
    baseline, filled = RewardBaseline().update([None, None], decay=0.95)
    assert baseline == RewardBaseline()
    assert np.isnan(filled).all()
