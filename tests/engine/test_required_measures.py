"""A reward of which smaller values are better is refused, as a search maximises it."""

from __future__ import annotations

import pytest

from nasctl.engine.required_measures import maximised_error
from nasctl.formula import read_formula
from nasctl.metrics import METRICS

SMALLER = sorted(name for name, metric in METRICS.items() if not metric.larger_is_better)


@pytest.mark.parametrize(
    "name", [*SMALLER, "loss", "train_loss", "validation_loss", " mae ", "validation_mae"]
)
def test_an_error_is_not_maximised(name: str) -> None:
    refused = maximised_error(name)
    assert refused is not None
    assert name.strip() in refused.message
    formula = refused.hint.rpartition("--reward ")[2].strip("'")
    assert maximised_error(formula) is None
    measures = [{name.strip(): value} for value in (0.1, 0.2)]
    better, worse = (read_formula(formula)(values) for values in measures)
    assert better > worse


@pytest.mark.parametrize(
    "reward",
    ["", "accuracy", "r2", "-mae", "1 / rmse", "macro_f1 - 0.1 * log_loss", "validation_auroc", "latency"],
)
def test_other_rewards_are_maximised(reward: str) -> None:
    assert maximised_error(reward) is None
