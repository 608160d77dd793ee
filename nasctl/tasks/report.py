"""What a search would work with: the kind, splits, classes and values of a task's examples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nasctl.datasets.rows import Rows
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind
from nasctl.tasks.task import Split, Task

_EXAMINED = 2**28
"""Bytes of each split whose values are examined."""


@dataclass(frozen=True)
class Report:
    """What is known of a task.

    Attributes:
      name: The name of the data set.
      kind: What an example is.
      target: What its label is.
      shape: The shape of an input of a network.
      dtype: The dtype in which examples are kept.
      size: The size of all examples in bytes.
      values: The smallest and the largest value of the inputs; None for text.
      examples: The number of examples of each split.
      class_names: The names of the classes, labels or numbers; empty for text.
      counts: For classes and labels: how many examples of each split have each of them.
      numbers: For numbers: the smallest value, the mean and the largest value of each among the training examples.
      vocabulary: The number of different text tokens; 0 if the examples are no text.
      metric: The main metric of a search.
      notes: What was recognised, changed or left out when the data set was read.
    """

    name: str
    kind: InputKind
    target: TargetKind
    shape: tuple[int, ...]
    dtype: str
    size: int
    values: tuple[float, float] | None
    examples: Mapping[Split, int]
    class_names: tuple[str, ...]
    counts: Mapping[Split, tuple[int, ...]]
    numbers: tuple[tuple[float, float, float], ...]
    vocabulary: int
    metric: str
    notes: tuple[str, ...]


def report_of(task: Task) -> Report:
    """Examines the examples of a task."""
    encoding, splits = task.encoding, task.splits
    target = TargetKind.TOKEN if task.kind is InputKind.TEXT and task.sequential else encoding.target
    train = splits["train"]
    names = () if target is TargetKind.TOKEN else encoding.class_names
    return Report(
        name=task.name,
        kind=task.kind,
        target=target,
        shape=tuple(task.signature.input_shape),
        dtype=train.inputs.dtype.name,
        size=sum(_bytes(part.inputs) + _bytes(part.labels) for part in splits.values()),
        values=_range([part.inputs for part in splits.values()]) if task.kind is not InputKind.TEXT else None,
        examples={split: len(part) for split, part in splits.items()},
        class_names=names,
        counts={split: _counts(part.labels, target, len(names)) for split, part in splits.items()}
        if target in (TargetKind.CLASS, TargetKind.LABELS)
        else {},
        numbers=_numbers(train.labels) if target is TargetKind.NUMBERS else (),
        vocabulary=len(encoding.class_names) if target is TargetKind.TOKEN else 0,
        metric=task.metrics[0].name,
        notes=task.notes,
    )


def _bytes(array: np.ndarray | Rows) -> int:
    return int(np.prod(array.shape, dtype=np.int64)) * array.dtype.itemsize


def _range(inputs: list[np.ndarray | Rows]) -> tuple[float, float]:
    """The smallest and the largest value, over the first examples of each split if it is large."""
    low, high = [], []
    for array in inputs:
        part = array[: max(1, _EXAMINED // max(1, _bytes(array) // len(array)))]
        low.append(float(np.nanmin(part)))
        high.append(float(np.nanmax(part)))
    return min(low), max(high)


def _counts(labels: np.ndarray, target: TargetKind, classes: int) -> tuple[int, ...]:
    counts = (
        labels.sum(0, dtype=np.int64)
        if target is TargetKind.LABELS
        else np.bincount(labels, minlength=classes)
    )
    return tuple(counts.tolist())


def _numbers(labels: np.ndarray) -> tuple[tuple[float, float, float], ...]:
    columns = (labels.min(0), labels.mean(0, dtype=np.float64), labels.max(0))
    return tuple((float(low), float(mean), float(high)) for low, mean, high in zip(*columns, strict=True))
