"""The table of metrics, by which commands know a measure without its task."""

import pytest

from nasctl.metrics import METRICS, PERPLEXITY, Metric, format_measure, main_metric
from nasctl.tasks import Classes, Labels, LanguageModel, Numbers
from nasctl.tasks.target import Target


@pytest.mark.parametrize("predicted", [Classes(10), Labels(2), Numbers((0.0,), (1.0,)), LanguageModel])
def test_what_a_task_reports_is_in_the_table_in_the_same_order(
    predicted: Target | type[LanguageModel],
) -> None:
    assert list(predicted.metrics) == [metric for metric in METRICS.values() if metric in predicted.metrics]


@pytest.mark.parametrize(
    ("name", "value", "text"),
    [
        ("accuracy", 0.98611, "98.61 %"),
        ("test_accuracy", 1.0, "100.00 %"),
        ("train_perplexity", 83.1417, "83.14"),
        ("validation_loss", 0.05123, "0.0512"),
        ("params", 12.0, "12.0000"),
    ],
)
def test_a_measure_is_printed_as_its_metric_says(name: str, value: float, text: str) -> None:
    assert format_measure(name, value) == text


def test_a_score_is_larger_the_better_a_value_is() -> None:
    assert PERPLEXITY.score(80.0) > PERPLEXITY.score(90.0)
    assert Metric("r2", larger_is_better=True).score(0.9) > Metric("r2", larger_is_better=True).score(0.8)


def test_the_main_metric_is_found_by_the_names_of_what_was_measured() -> None:
    assert main_metric({"validation_perplexity", "validation_loss"}, "validation") is PERPLEXITY
    assert main_metric({"validation_perplexity"}, "test") is None
    assert main_metric({"reward"}, "validation") is None
