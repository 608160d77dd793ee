"""The metrics of networks: the table of all metrics, and the metrics of an epoch.

A new metric is an entry of `METRICS`. A target of `nasctl.tasks` lists it in its `metrics` and computes it in
`measure`, which has a value for each example, or in `summary`, which sees the outputs for a whole split.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

EpochMetrics = Mapping[str, float]
"""What is known of a child after an epoch: `epoch` (counted from 1), `train_loss`, `validation_NAME` for everything
that the task measures, `reward` (the reward if its training ended after this epoch) and `seconds`."""


@dataclass(frozen=True)
class Metric:
    """A measure of how good a network is on a split.

    Attributes:
      name: Its name. Runs and checkpoints store its values as `validation_NAME` and `test_NAME`.
      larger_is_better: Whether a larger value is better.
      percent: Whether a value is a share, which is printed in per cent.
      digits: Digits printed after the decimal point.
    """

    name: str
    larger_is_better: bool
    percent: bool = False
    digits: int = 2

    def score(self, value: float) -> float:
        """The value, negated if smaller values are better."""
        return value if self.larger_is_better else -value

    def format(self, value: float) -> str:
        """The value as it is printed."""
        return f"{100 * value:.{self.digits}f} %" if self.percent else f"{value:.{self.digits}f}"


ACCURACY = Metric("accuracy", larger_is_better=True, percent=True)
BALANCED_ACCURACY = Metric("balanced_accuracy", larger_is_better=True, percent=True)
AUROC = Metric("auroc", larger_is_better=True, digits=4)
MACRO_F1 = Metric("macro_f1", larger_is_better=True, digits=4)
TOP_5 = Metric("top_5", larger_is_better=True, percent=True)
LOG_LOSS = Metric("log_loss", larger_is_better=False, digits=4)
R2 = Metric("r2", larger_is_better=True, digits=4)
RMSE = Metric("rmse", larger_is_better=False, digits=4)
MAE = Metric("mae", larger_is_better=False, digits=4)
PERPLEXITY = Metric("perplexity", larger_is_better=False)
BITS = Metric("bits", larger_is_better=False, digits=4)

_OF_CLASSES = (ACCURACY, BALANCED_ACCURACY, AUROC, MACRO_F1, TOP_5, LOG_LOSS)
_OF_NUMBERS = (R2, RMSE, MAE)
_OF_TEXT = (PERPLEXITY, BITS)

METRICS: Mapping[str, Metric] = {metric.name: metric for metric in (*_OF_CLASSES, *_OF_NUMBERS, *_OF_TEXT)}
"""All metrics by name. Where a run has several, the first of this table is its main metric."""


def main_metric(measures: Collection[str], split: str) -> Metric | None:
    """Returns the main metric among the given measures, or None if there is none.

    Args:
      measures: Names such as `validation_accuracy`.
      split: `train`, `validation` or `test`.

    >>> main_metric({"reward", "validation_loss", "validation_accuracy"}, "validation").name
    'accuracy'
    """
    return next((metric for name, metric in METRICS.items() if f"{split}_{name}" in measures), None)


def format_measure(name: str, value: float) -> str:
    """A measured value as it is printed: as its metric says, or with four digits where it has no metric.

    Args:
      name: The name of a metric, or `SPLIT_NAME`.
      value: The value.

    >>> format_measure("accuracy", 0.98611), format_measure("validation_perplexity", 83.1417)
    ('98.61 %', '83.14')
    >>> format_measure("loss", 0.05123)
    '0.0512'
    """
    for split in ("train", "validation", "test"):
        name = name.removeprefix(f"{split}_")
    return METRICS[name].format(value) if name in METRICS else f"{value:.4f}"
