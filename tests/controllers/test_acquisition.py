"""The acquisition function, compared with a Monte Carlo estimate."""

import numpy as np
import pytest

from nasctl.controllers.acquisition import log_expected_improvement
from nasctl.controllers.reward_model.posterior import Prediction


def test_expected_improvement_agrees_with_monte_carlo_and_stays_finite():
    draws = np.random.default_rng(0).normal(size=2_000_000)
    for mean, deviation in ((0.0, 1.0), (-1.0, 0.7), (0.5, 0.1)):
        expected = np.maximum(mean + deviation * draws - 0.2, 0).mean()
        found = log_expected_improvement(Prediction(np.array([mean]), np.array([deviation])), 0.2)
        assert np.exp(found[0]) == pytest.approx(expected, rel=0.01)
    far = log_expected_improvement(Prediction(-np.arange(4.0, 60), np.ones(56)), 0.0)
    assert np.isfinite(far).all() and (np.diff(far) < 0).all()
    assert abs(np.diff(far, 2)).max() < 1.2  # no jump where the formula changes
