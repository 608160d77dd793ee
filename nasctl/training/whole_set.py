"""All examples of a task on the device, if they fit."""

from __future__ import annotations

import functools
from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass

import jax
import numpy as np
from jaxtyping import Array

from nasctl.datasets.rows import Rows, read_rows
from nasctl.tasks import Split, Task
from nasctl.training.page_aligned import page_aligned
from nasctl.training.programs import Data


@dataclass(frozen=True, eq=False)
class WholeSet:
    """The examples of a task on the device.

    Attributes:
      task: The task.
      data: Its examples.
    """

    task: Task
    data: Data

    def parts(self, split: Split, size: int) -> Generator[tuple[Data, int, int]]:
        """The examples of a split in their order: the data, and the first index and the number of those in it.

        Args:
          split: Which examples.
          size: The number of examples of every part but the last; 0 for all in one part.
        """
        start, count = _ranges(self.task)[split]
        size = size or count
        for first in range(0, count, size):
            yield self.data, start + first, min(size, count - first)


@functools.lru_cache(maxsize=2)
def put_on_device(task: Task) -> Data:
    """Copies all examples of a task to the device. The copy is cached for the next children of the task."""
    splits = task.splits.values()
    return Data(
        _joined([examples.inputs for examples in splits]), _joined([examples.labels for examples in splits])
    )


def _joined(arrays: Sequence[np.ndarray | Rows]) -> Array:
    """The rows of several arrays on the device. On a CPU, this is the only copy of them."""
    dtype = np.result_type(*(array.dtype for array in arrays))
    joined = page_aligned((sum(map(len, arrays)), *arrays[0].shape[1:]), dtype)
    start = 0
    for array in arrays:
        read_rows(array, np.arange(len(array)), joined[start : start + len(array)])
        start += len(array)
    moved: Array = jax.device_put(joined, may_alias=True)
    return moved


def _ranges(task: Task) -> Mapping[Split, tuple[int, int]]:
    """The first index and the number of examples of each split in `Data`."""
    ranges: dict[Split, tuple[int, int]] = {}
    start = 0
    for name, examples in task.splits.items():
        ranges[name] = (start, len(examples))
        start += len(examples)
    return ranges
