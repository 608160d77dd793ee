"""Which training examples are held out for validation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from nasctl.datasets import Dataset, Examples
from nasctl.datasets.split import random_split, stable_split
from nasctl.errors import NasctlError
from nasctl.foreign_text import first_names
from nasctl.target_kind import TargetKind
from nasctl.tasks.task import Split

LARGE = 10_000
"""Training examples from which on a tenth is held out by the hash, and a fifth of fewer."""


def with_validation(dataset: Dataset, *, seed: int) -> dict[Split, Examples]:
    """The examples of a data set by split. If it has no validation examples, training examples are held out for it.

    Examples with keys are held out by the hash of their keys: a fifth, or a tenth of 10,000 and more. So added examples
    do not move others; when a data set grows to 10,000, some move from the validation to the training examples.

    Of other data sets a tenth is held out at random, as in the paper on CIFAR-10 (45,000 and 5,000). In a small data
    set a tenth is too few to tell networks apart; there it is up to a fifth, but at most 1,000.

    Args:
      dataset: A data set whose examples are independent of each other.
      seed: The seed with which the validation examples are drawn.

    Raises:
      NasctlError: The data set is too small to hold out any examples.
    """
    train = dataset.train
    if dataset.validation is not None:
        return {"train": train, "validation": dataset.validation, "test": dataset.test}
    count = len(train)
    if train.keys is not None:
        share = 0.1 if count >= LARGE else 0.2
        training, validation = stable_split(train.keys, train.labels, share, seed=seed, part="validation")
    else:
        training, validation = random_split(count, max(count // 10, min(count // 5, 1000)), seed=seed)
    if not (len(training) and len(validation)):
        raise NasctlError(
            f"{dataset.name} has {count} training examples, too few to hold some out for validation",
            hint="every class needs at least two different training examples"
            if train.keys is not None
            else "",
        )
    return {"train": train.take(training), "validation": train.take(validation), "test": dataset.test}


def notes_on_splits(
    splits: Mapping[Split, Examples], class_names: tuple[str, ...], target: TargetKind
) -> tuple[str, ...]:
    """What the user should know about classes or labels that splits lack: one sentence each, without a full stop."""
    if target not in (TargetKind.CLASS, TargetKind.LABELS):
        return ()
    noun = "class" if target is TargetKind.CLASS else "label"
    return tuple(_notes(splits, class_names, noun))


def _notes(splits: Mapping[Split, Examples], class_names: tuple[str, ...], noun: str) -> Iterator[str]:
    for split, examples in splits.items():
        labels = examples.labels
        if not len(labels):
            continue
        present = (
            np.bincount(labels, minlength=len(class_names)) if labels.ndim == 1 else labels.sum(0, dtype=int)
        )
        absent = [name for name, count in zip(class_names, present, strict=True) if not count]
        if absent:
            words = {"train": "training"}.get(split, split)
            yield f"no {words} example has {_listed(noun, absent)}"


def _listed(noun: str, names: list[str]) -> str:
    plural = "es" if noun == "class" else "s"
    return f"the {noun}{plural if len(names) > 1 else ''} {first_names(names, 5)}"
