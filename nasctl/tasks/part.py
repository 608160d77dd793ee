"""The part of the examples that a search uses."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nasctl.datasets import Examples
from nasctl.datasets.split import stratified_sample
from nasctl.errors import NasctlError
from nasctl.tasks.language_model import LanguageModel
from nasctl.tasks.supervised import SupervisedTask
from nasctl.tasks.task import Split, Task

_PARTS: tuple[Split, ...] = ("train", "validation")


def part_of(task: Task, examples: float) -> Task:
    """The same task with a part of its training and validation examples, and with all test examples.

    Examples are chosen in proportion to their classes; of a text, the start is used. A smaller part is contained in a
    larger one. The digest and the encoding are those of the whole task; a note says how many examples are used.

    Args:
      task: The task.
      examples: The number of training and validation examples together, or their share if it is below 1. 0 for all.

    Raises:
      NasctlError: The part has no training or no validation examples.
    """
    count = sum(len(task.splits[name]) for name in _PARTS)
    share = examples if examples < 1 else examples / count
    if not 0 < share < 1:
        return task
    assert isinstance(task, (SupervisedTask, LanguageModel))
    splits = dict(task.splits)
    for name in _PARTS:
        whole = task.splits[name]
        chosen = round(share * len(whole))
        if chosen < 1:
            raise NasctlError(
                f"a part of {examples:g} of the {count:,} examples has no {name} examples",
                hint="choose a larger data.examples",
            )
        splits[name] = whole.take(np.arange(chosen)) if task.sequential else _sample(whole, chosen)
    used = sum(len(splits[name]) for name in _PARTS)
    note = f"{used:,} of {count:,} training and validation examples are used"
    return replace(task, splits=splits, known_digest=task.digest, notes=(*task.notes, note))


def _sample(examples: Examples, count: int) -> Examples:
    return examples.take(stratified_sample(examples.labels, count, examples.keys, seed=0))
