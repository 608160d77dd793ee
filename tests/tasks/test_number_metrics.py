"""Metrics of numbers against scikit-learn's."""

import numpy as np
import pytest
from sklearn import metrics as reference

from nasctl.tasks.number_metrics import mae, r2, rmse


@pytest.mark.parametrize("columns", [1, 3])
def test_they_are_those_of_scikit_learn(columns: int) -> None:
    random = np.random.default_rng(0)
    numbers = random.normal(50, 10, (200, columns))
    predicted = numbers + random.normal(0, 4, numbers.shape)
    for metric, theirs in (
        (rmse, reference.root_mean_squared_error),
        (mae, reference.mean_absolute_error),
        (r2, reference.r2_score),
    ):
        np.testing.assert_allclose(
            metric(predicted, numbers), theirs(numbers, predicted, multioutput="raw_values")
        )
        assert metric(predicted, numbers).mean() == pytest.approx(theirs(numbers, predicted))


def test_a_number_that_never_varies_is_explained_fully_or_not_at_all() -> None:
    numbers = np.full((5, 2), 3.0)
    predicted = np.tile([3.0, 4.0], (5, 1))
    expected = reference.r2_score(numbers, predicted, multioutput="raw_values")
    assert r2(predicted, numbers).tolist() == expected.tolist() == [1.0, 0.0]
