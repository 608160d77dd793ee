"""Chunks of the examples of a task that do not fit into memory.

An epoch is trained chunk by chunk: a chunk is the examples of some steps in a row. A thread reads the next chunk and
moves it to the device while the present one is used. Two chunks are in memory at a time. The results are the same to
the last digit as if all examples were on the device, because the order of an epoch does not depend on its chunks.

Letters: S steps of an epoch, C of a chunk, B examples of a step, M examples of the largest chunk.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import jax
import numpy as np
from jaxtyping import Float, Int

from nasctl.config import TrainingConfig
from nasctl.datasets import Examples
from nasctl.datasets.rows import read_rows, row_bytes
from nasctl.tasks import Split, Task
from nasctl.training.memory import memory_for_examples
from nasctl.training.page_aligned import page_aligned
from nasctl.training.plan import EpochPlan, steps_of_epoch
from nasctl.training.programs import Data
from nasctl.training.whole_set import WholeSet, put_on_device

Item = TypeVar("Item")

_PARTS = 8
"""A chunk takes at most one part in this many of the memory for the examples, but has two steps at least."""

_FEWEST_STEPS = 2
"""Steps of a chunk at least. XLA compiles a single step differently."""

_LARGEST = 2**27
"""Bytes of a chunk at most. A larger one would not be trained faster, as dispatching a program takes a millisecond."""


@dataclass(frozen=True)
class ChunkLayout:
    """How an epoch is divided into chunks, whose numbers of steps differ by one at most.

    Every number of steps is a program to compile, so there are two programs unless `count` divides `steps`. One program
    with the number of steps as an argument would not do: XLA compiles a loop differently if it does not know how often
    it is repeated, and the last digits differ.

    Attributes:
      steps: S.
      count: The number of chunks.
      batch: B.
    """

    steps: int
    count: int
    batch: int

    @property
    def sizes(self) -> tuple[int, ...]:
        """C of each chunk, the largest first."""
        size, larger = divmod(self.steps, self.count)
        return tuple(size + (number < larger) for number in range(self.count))

    @property
    def examples(self) -> int:
        """M."""
        return self.sizes[0] * self.batch


class Chunk(NamedTuple):
    """Some steps of an epoch.

    Attributes:
      data: The examples of the steps, in the order in which they lie in the data set, as the first of M rows.
      plan: The plan of the steps, in which `positions` are those in `data`.
      rates: The learning rates of the steps, (C,).
    """

    data: Data
    plan: EpochPlan
    rates: Float[np.ndarray, " C"]


def chunk_layout(task: Task, config: TrainingConfig, memory: int) -> ChunkLayout | None:
    """How the examples of a task are divided into chunks; None if they fit into memory.

    A sequence that is read in order, such as a text, is never divided.

    Args:
      task: The task.
      config: The settings of the training.
      memory: Bytes of memory that the process may use; 0 for all of the machine's, or of its accelerator's.
    """
    limit = memory_for_examples(memory)
    if task.sequential or bytes_of_examples(task) <= limit:
        return None
    train = task.splits["train"]
    steps, batch = steps_of_epoch(len(train), config.batch)
    bytes_of_step = batch * (row_bytes(train.inputs) + row_bytes(train.labels))
    most = max(_FEWEST_STEPS, min(limit // _PARTS, _LARGEST) // bytes_of_step)
    fewest = math.ceil(steps / most)
    largest = max(1, min(2 * fewest, steps // _FEWEST_STEPS))
    counts = range(min(fewest, largest), largest + 1)
    return ChunkLayout(steps, next((count for count in counts if steps % count == 0), counts[0]), batch)


def bytes_of_examples(task: Task) -> int:
    """The bytes that all examples of a task take in memory."""
    return sum(examples.inputs.nbytes + examples.labels.nbytes for examples in task.splits.values())


def memory_of_examples(task: Task, config: TrainingConfig, memory: int) -> int:
    """The bytes that the examples of a task take while a network is trained: all of them, or two chunks.

    Args:
      task: The task.
      config: The settings of the training.
      memory: As for `chunk_layout`.
    """
    layout = chunk_layout(task, config, memory)
    if layout is None:
        return bytes_of_examples(task)
    train = task.splits["train"]
    return 2 * layout.examples * (row_bytes(train.inputs) + row_bytes(train.labels))


@dataclass(frozen=True, eq=False)
class ChunkedSet:
    """The examples of a task in chunks.

    The use of a chunk must have ended before the next one is taken from an iterator, which reuses its memory. Closing
    the iterator ends its thread.

    Attributes:
      task: The task.
      layout: How an epoch is divided.
    """

    task: Task
    layout: ChunkLayout

    def shapes(self, plan: EpochPlan, rates: Float[np.ndarray, " S"]) -> list[Chunk]:
        """The shapes and types of a chunk of each size.

        Args:
          plan: The shapes and types of the plan of an epoch.
          rates: The learning rates of an epoch.
        """
        chunks = []
        for steps in sorted(set(self.layout.sizes)):
            parts: EpochPlan = jax.tree.map(lambda array, steps=steps: _shape(steps, array), plan)
            chunks.append(Chunk(self.data, parts, rates[:steps]))
        return chunks

    @property
    def data(self) -> Data:
        """The shapes and types of the examples of a chunk."""
        train = self.task.splits["train"]
        return Data(_shape(self.layout.examples, train.inputs), _shape(self.layout.examples, train.labels))

    def epoch(self, plan: EpochPlan, rates: Float[np.ndarray, " S"]) -> Generator[Chunk]:
        """The chunks of an epoch.

        Args:
          plan: The plan of the epoch, as NumPy arrays.
          rates: The learning rates of its steps.
        """
        examples, ends = self.task.splits["train"], np.cumsum(self.layout.sizes)

        def read(number: int, buffer: Examples) -> Chunk:
            part = slice(ends[number] - self.layout.sizes[number], ends[number])
            positions, counts, variations = (np.asarray(array)[part] for array in plan)
            order = np.argsort(positions, axis=None, kind="stable")
            places = np.empty(positions.shape, positions.dtype)
            places.reshape(-1)[order] = np.arange(positions.size)
            data = _read(examples, positions.reshape(-1)[order], buffer)
            of_chunk: Any = (places, counts, variations)
            return Chunk(data, EpochPlan(*of_chunk), rates[part])

        return _read_ahead(read, self.layout.count, self.data)

    def parts(self, split: Split, size: int) -> Generator[tuple[Data, int, int]]:
        """The examples of a split in their order: a chunk, and the first index and the number of those in it.

        Args:
          split: Which examples.
          size: The number of examples of every chunk but the last, at most M; 0 for M.
        """
        examples = self.task.splits[split]
        size = size or self.layout.examples

        def read(number: int, buffer: Examples) -> tuple[Data, int, int]:
            positions = np.arange(number * size, min((number + 1) * size, len(examples)))
            return _read(examples, positions, buffer), 0, len(positions)

        return _read_ahead(read, math.ceil(len(examples) / size), self.data)


def examples_of(task: Task, config: TrainingConfig, memory: int) -> WholeSet | ChunkedSet:
    """The examples of a task: all on the device if they fit, else in chunks.

    Args:
      task: The task.
      config: The settings of the training.
      memory: As for `chunk_layout`.
    """
    layout = chunk_layout(task, config, memory)
    return WholeSet(task, put_on_device(task)) if layout is None else ChunkedSet(task, layout)


def _read_ahead(read: Callable[[int, Examples], Item], count: int, shapes: Data) -> Generator[Item]:
    """Yields what `read` returns for 0, …, `count` - 1, which a thread reads while the one before is used.

    An error in the thread is raised where its item is taken. However the iteration ends, the thread has ended after it.
    """
    buffers = [Examples(*(page_aligned(array.shape, array.dtype) for array in shapes)) for _ in range(2)]
    with ThreadPoolExecutor(1, thread_name_prefix="chunks") as thread:
        following = thread.submit(read, 0, buffers[0])
        for number in range(count):
            item = following.result()
            if number + 1 < count:
                following = thread.submit(read, number + 1, buffers[(number + 1) % 2])
            yield item


def _read(examples: Examples, positions: Int[np.ndarray, " M"], buffer: Examples) -> Data:
    """Reads examples into a buffer and moves it to the device. On a CPU it is on the device."""
    move: Any = jax.device_put
    for array, into in ((examples.inputs, buffer.inputs), (examples.labels, buffer.labels)):
        assert isinstance(into, np.ndarray)
        read_rows(array, positions, into[: len(positions)])
    data = Data(move(buffer.inputs, may_alias=True), move(buffer.labels, may_alias=True))
    for moved in data:
        moved.block_until_ready()
    return data


def _shape(count: int, array: Any) -> Any:
    """The shape and type of `count` rows like those of an array."""
    describe: Any = jax.ShapeDtypeStruct
    return describe((count, *array.shape[1:]), array.dtype)
