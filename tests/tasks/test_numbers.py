import jax.numpy as jnp
import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from nasctl.errors import NasctlError
from nasctl.tasks import Numbers
from nasctl.tasks.numbers import standardised

RANDOM = np.random.default_rng(1)
NUMBERS = RANDOM.normal([1000, 0.5], [200, 0.01], (90, 2)).astype(np.float32)
OUTPUTS = RANDOM.normal(size=(90, 2)).astype(np.float32)


def test_the_loss_is_the_squared_error_of_the_standardised_numbers() -> None:
    target = standardised(NUMBERS)
    expected = ((OUTPUTS - (NUMBERS - NUMBERS.mean(0)) / NUMBERS.std(0)) ** 2).mean(1)
    measures = target.measure(jnp.asarray(OUTPUTS), jnp.asarray(NUMBERS))
    np.testing.assert_allclose(measures["loss"], expected, rtol=1e-4, atol=1e-5)
    assert tuple(measures) == target.measures


def test_the_summary_is_in_the_units_of_the_data_and_that_of_scikit_learn() -> None:
    target = standardised(NUMBERS)
    predicted = OUTPUTS * NUMBERS.std(0) + NUMBERS.mean(0)
    assert target.summary({"loss": 0.5}, OUTPUTS, NUMBERS) == {
        "loss": 0.5,
        "rmse": pytest.approx(root_mean_squared_error(NUMBERS, predicted), rel=1e-5),
        "mae": pytest.approx(mean_absolute_error(NUMBERS, predicted), rel=1e-5),
        "r2": pytest.approx(r2_score(NUMBERS, predicted), rel=1e-4),
    }


def test_predicting_the_mean_earns_one_half_whatever_the_units() -> None:
    for factor in (1e-6, 1.0, 1e6):
        target = standardised(factor * NUMBERS)
        loss = target.measure(jnp.zeros((90, 2)), jnp.asarray(factor * NUMBERS))["loss"].mean()
        assert target.reward([{"loss": float(loss)}]) == pytest.approx(0.5, abs=1e-5)
    assert target.reward([{"loss": 0.0}]) == 1
    assert target.reward([{"loss": 0.0}, *[{"loss": 9.0}] * 5]) == 0.25


def test_a_number_that_never_varies_does_no_harm() -> None:
    target = standardised(np.full((7, 1), 0.1, np.float32))
    assert target.deviation == (1.0,)
    assert target.in_units(np.zeros((1, 1), np.float32)) == pytest.approx(0.1)
    assert standardised(np.zeros((7, 1), np.float32)) == Numbers((0.0,), (1.0,))


def test_there_are_no_classes_that_could_be_weighted() -> None:
    with pytest.raises(NasctlError, match="needs classes"):
        standardised(NUMBERS).balanced(NUMBERS)
