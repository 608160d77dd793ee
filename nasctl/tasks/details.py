"""How well a network predicts each class, label or number of a split."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nasctl.tasks.class_metrics import (
    auroc_of_labels,
    confusion_matrix,
    f1_of_labels,
    f1_scores,
    precisions,
    recalls,
)
from nasctl.tasks.classes import Classes
from nasctl.tasks.labels import Labels
from nasctl.tasks.number_metrics import mae, r2, rmse
from nasctl.tasks.numbers import Numbers
from nasctl.tasks.supervised import SupervisedTask

QUANTILES = (0.05, 0.25, 0.5, 0.75, 0.95)
"""The quantiles of the residuals of a number."""


@dataclass(frozen=True)
class Row:
    """What is known of one class, label or number.

    Attributes:
      name: Its name.
      values: Its metrics by name; None where a metric is not defined, as the recall of a class without examples.
    """

    name: str
    values: dict[str, float | int | None]


@dataclass(frozen=True)
class Details:
    """How well a network predicts a split.

    Attributes:
      noun: What the rows are: `class`, `label` or `number`.
      rows: A row for each, in the order of the outputs of the network.
      confusion: For classes, the number of examples of each class by the class that was predicted, (K, K); else None.
    """

    noun: str
    rows: tuple[Row, ...]
    confusion: np.ndarray | None = None

    def to_json(self) -> dict[str, object]:
        """The rows and the confusion matrix, for JSON."""
        plural = {"class": "classes", "label": "labels", "number": "numbers"}[self.noun]
        document: dict[str, object] = {plural: [{self.noun: row.name, **row.values} for row in self.rows]}
        return document if self.confusion is None else {**document, "confusion": self.confusion.tolist()}


def details_of(task: SupervisedTask, outputs: np.ndarray, labels: np.ndarray) -> Details:
    """How well outputs of a network predict each class, label or number.

    Args:
      task: The task.
      outputs: The outputs of the network for the examples of a split, (N, K).
      labels: The labels of the examples.
    """
    match task.target:
        case Classes():
            return _of_classes(task.class_names, outputs, labels)
        case Labels():
            return _of_labels(task.class_names, outputs, labels)
        case Numbers() as numbers:
            return _of_numbers(task.class_names, numbers.in_units(outputs), labels.astype(np.float64))
    raise AssertionError(task.target)


def _of_classes(names: tuple[str, ...], outputs: np.ndarray, labels: np.ndarray) -> Details:
    confusion = confusion_matrix(labels, outputs.argmax(1), len(names))
    columns = {"precision": precisions(confusion), "recall": recalls(confusion), "f1": f1_scores(confusion)}
    return Details("class", _rows(names, {**columns, "examples": confusion.sum(1)}), confusion)


def _of_labels(names: tuple[str, ...], outputs: np.ndarray, labels: np.ndarray) -> Details:
    present, predicted = labels.astype(bool), outputs > 0
    right = (present & predicted).sum(0)
    columns = {
        "auroc": auroc_of_labels(outputs, labels),
        "precision": right / np.maximum(predicted.sum(0), 1),
        "recall": np.where(present.any(0), right / np.maximum(present.sum(0), 1), np.nan),
        "f1": f1_of_labels(labels, predicted),
        "examples": present.sum(0),
    }
    return Details("label", _rows(names, columns))


def _of_numbers(names: tuple[str, ...], predicted: np.ndarray, numbers: np.ndarray) -> Details:
    residuals = np.quantile(predicted - numbers, QUANTILES, axis=0)
    columns = {
        "r2": r2(predicted, numbers),
        "rmse": rmse(predicted, numbers),
        "mae": mae(predicted, numbers),
        **{f"residual_{share:.0%}": values for share, values in zip(QUANTILES, residuals, strict=True)},
    }
    return Details("number", _rows(names, columns))


def _rows(names: tuple[str, ...], columns: dict[str, np.ndarray]) -> tuple[Row, ...]:
    values = {name: [_plain(value) for value in column.tolist()] for name, column in columns.items()}
    return tuple(
        Row(name, {column: values[column][number] for column in values}) for number, name in enumerate(names)
    )


def _plain(value: float | int) -> float | int | None:
    return None if math.isnan(value) else value
