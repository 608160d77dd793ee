"""The Gaussian process, compared with scikit-learn and plain NumPy."""

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Kernel
from toy_spaces import flat, layered

from nasctl.controllers.moves import Moves
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.reward_model.fit import fit, negative_log_posterior, prior_mean
from nasctl.controllers.reward_model.kernel import OneHotEncoding, correlation
from nasctl.controllers.reward_model.posterior import CovarianceFactor, Posterior


class Hamming(Kernel):
    """The kernel, evaluated string by string from its formula."""

    def __init__(self, weights):
        self.weights = weights

    def __call__(self, X, Y=None, eval_gradient=False):
        Y = X if Y is None else Y
        return np.array([[np.exp(-self.weights[a != b].sum()) for b in Y] for a in X])

    def diag(self, X):
        return np.ones(len(X))

    def is_stationary(self):
        return False


@pytest.fixture(params=["flat", "conditional"])
def data(request):
    """The encoding of a space, 30 of its strings with rewards, 10 other strings, and a θ."""
    space = flat(2, 3, 4, 2, 3) if request.param == "flat" else layered()
    plan, rng = make_plan(space), np.random.default_rng(0)
    strings = Moves(plan).random(40, rng, {})
    rewards = rng.normal(size=30)
    theta = np.append(rng.normal(-1, 0.5, plan.length), -2.0)
    return (
        OneHotEncoding.of(plan),
        strings[:30],
        (rewards - rewards.mean()) / rewards.std(),
        strings[30:],
        theta,
    )


def test_the_kernel_matches_the_formula(data):
    encoding, strings, _, others, theta = data
    weights = np.exp(theta[:-1])
    found = correlation(encoding, weights, encoding.encode(strings), encoding.encode(others))
    np.testing.assert_allclose(found, Hamming(weights)(strings, others))


def test_mean_and_deviation_match_scikit_learn(data):
    encoding, strings, rewards, others, theta = data
    posterior = Posterior.of(CovarianceFactor.of(encoding, theta, encoding.encode(strings)), rewards)
    reference = GaussianProcessRegressor(Hamming(np.exp(theta[:-1])), alpha=np.exp(theta[-1]), optimizer=None)
    reference.fit(strings, rewards - posterior.mean)
    mean, deviation = reference.predict(others, return_std=True)
    found = posterior.predict(encoding.encode(others))
    np.testing.assert_allclose(found.mean, posterior.mean + mean, atol=1e-9)
    np.testing.assert_allclose(found.deviation, np.sqrt(posterior.scale) * deviation, atol=1e-7)
    np.testing.assert_allclose(posterior.at_observed, posterior.means(encoding.encode(strings)), atol=1e-9)


def test_the_prior_mean_and_the_scale_match_the_formulas(data):
    encoding, strings, rewards, _, theta = data
    posterior = Posterior.of(CovarianceFactor.of(encoding, theta, encoding.encode(strings)), rewards)
    inverse = np.linalg.inv(Hamming(np.exp(theta[:-1]))(strings) + np.exp(theta[-1]) * np.eye(30))
    mean = (inverse @ rewards).sum() / inverse.sum() * 30 / 32
    assert posterior.mean == pytest.approx(mean)
    assert posterior.scale == pytest.approx(((rewards - mean) @ inverse @ (rewards - mean) + 2) / 32)


def test_extending_row_by_row_equals_one_factorisation(data):
    encoding, strings, _, _, theta = data
    encoded = encoding.encode(strings)
    grown = CovarianceFactor.of(encoding, theta, encoded[:5])
    for row in encoded[5:]:
        grown = grown.extended(row)
    whole = CovarianceFactor.of(encoding, theta, encoded)
    np.testing.assert_allclose(grown.inverse, whole.inverse, atol=1e-9)
    np.testing.assert_array_equal(grown.encoded, whole.encoded)


def test_a_fantasised_mean_keeps_the_means_and_reduces_the_deviation(data):
    encoding, strings, rewards, others, theta = data
    theta = np.append(theta[:-1], -9.0)
    posterior = Posterior.of(CovarianceFactor.of(encoding, theta, encoding.encode(strings)), rewards)
    asked = encoding.encode(others)
    believing = posterior.fantasised(asked[0])
    np.testing.assert_allclose(believing.means(asked), posterior.means(asked), atol=0.05)
    assert believing.predict(asked[:1]).deviation[0] < 0.2 * posterior.predict(asked[:1]).deviation[0]


def test_the_gradient_of_the_fit_matches_finite_differences(data):
    encoding, strings, rewards, _, theta = data
    encoded = encoding.encode(strings)
    _, gradient = negative_log_posterior(theta, encoding, encoded, rewards)
    for index in range(len(theta)):
        step = np.zeros(len(theta))
        step[index] = 1e-5
        up, _ = negative_log_posterior(theta + step, encoding, encoded, rewards)
        down, _ = negative_log_posterior(theta - step, encoding, encoded, rewards)
        assert gradient[index] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-6)


def test_the_fit_finds_which_decision_matters():
    plan, rng = make_plan(flat(3, 3, 3)), np.random.default_rng(0)
    strings = Moves(plan).random(60, rng, {})
    rewards = np.array([-1.0, 0.0, 1.3])[strings[:, 1]]
    rewards = (rewards - rewards.mean()) / rewards.std()
    encoding = OneHotEncoding.of(plan)
    theta = fit(prior_mean(3), encoding, encoding.encode(strings), rewards, 30)
    assert theta[1] > max(theta[0], theta[2]) + 1
