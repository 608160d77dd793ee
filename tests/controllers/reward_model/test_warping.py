"""The warping of rewards."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nasctl.controllers.reward_model.warping import fill_failures, warp

rewards = st.lists(st.integers(-1000, 1000), min_size=3, max_size=40, unique=True).map(
    lambda values: np.array(values, float)
)


@given(rewards, st.sampled_from([1e-4, 0.01, 3.0, 1e6]), st.sampled_from([-5.0, 0.0, 7.0]))
def test_warping_is_invariant_to_scale_and_offset(values, scale, offset):
    np.testing.assert_allclose(warp(values * scale + offset * scale), warp(values), rtol=1e-6, atol=1e-8)


@given(rewards)
def test_the_order_is_kept_and_the_result_is_standardised(values):
    warped = warp(values)
    assert (np.diff(warped[np.argsort(values)]) > 0).all()
    assert warped.mean() == pytest.approx(0, abs=1e-9)
    assert warped.std() == pytest.approx(1)


def test_an_outlier_does_not_hide_differences_between_good_rewards():
    good = np.linspace(90, 94, 20)
    spread = warp(np.append(good, 0.0))[:-1]
    assert np.ptp(spread) > 1.5
    assert np.ptp(spread) > 8 * np.ptp((good - good.mean()) / np.append(good, 0.0).std())


def test_equal_rewards_become_zero():
    assert warp(np.full(5, 0.3)).tolist() == [0.0] * 5
    assert warp(np.zeros(2)).tolist() == [0.0] * 2


def test_failures_get_the_worst_reward():
    assert fill_failures(np.array([3.0, np.nan, 2.0, np.inf])).tolist() == [3.0, 2.0, 2.0, 2.0]
    assert fill_failures(np.array([np.nan, np.nan])).tolist() == [0.0, 0.0]
