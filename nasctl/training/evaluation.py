"""Measures the weights of a network on a split."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np

from nasctl.config import TrainingConfig
from nasctl.tasks import Split, Task
from nasctl.training.compilation import Options, compiler_options, programs_for
from nasctl.training.fingerprint import fingerprint_of
from nasctl.training.program_cache import cached_program
from nasctl.training.programs import Data, Programs
from nasctl.training.weights import Buildable, Weights, abstract_network


@dataclass(frozen=True, eq=False)
class CompiledEvaluation:
    """The compiled evaluation of a network on a task. One program serves all splits.

    Attributes:
      program: `Programs.evaluate`, compiled.
      task: The task.
      data: The task's examples on the device.
    """

    program: jax.stages.Compiled
    task: Task
    data: Data

    def measure_split(self, weights: Weights, split: Split) -> dict[str, float]:
        """`Task.summary` of a split.

        Sums of 0 and 1 are exact in float32 up to 2²⁴ examples, so the accuracy of the same predictions is always the
        same to the last digit.

        Args:
          weights: The weights to measure.
          split: Which examples.
        """
        start, count = _ranges(self.task)[split]
        sums = jax.device_get(self.program(weights, self.data, np.int32(start), np.int32(count)))
        return self.task.summary({name: float(total) / count for name, total in sums.items()})


def compile_evaluation(
    programs: Callable[[], Programs],
    weights: Weights,
    task: Task,
    data: Data,
    options: Options,
    *,
    fingerprint: str | None,
) -> CompiledEvaluation:
    """Compiles the evaluation of a network, or loads it from the program cache.

    Args:
      programs: Returns the programs of the network.
      weights: Weights of the shapes and types that it will measure.
      task: The task.
      data: The task's examples on the device.
      options: Compiler options of XLA.
      fingerprint: What the programs depend on (`fingerprint_of`).
    """
    program = cached_program(
        lambda: jax.jit(programs().evaluate),
        (weights, data, np.int32(0), np.int32(1)),
        options,
        name="evaluate",
        fingerprint=fingerprint,
    )
    return CompiledEvaluation(program, task, data)


def evaluate(
    architecture: Buildable, weights: Weights, task: Task, config: TrainingConfig, *, split: Split = "test"
) -> dict[str, float]:
    """Measures trained or loaded weights on a split, and returns `Task.summary`.

    Args:
      architecture: The architecture that the weights belong to.
      weights: The weights, from `TrainedChild.weights` or `Checkpoint.weights_for`.
      task: The task.
      config: The settings of the training, on which the compiled program depends.
      split: Which examples.
    """
    data = put_on_device(task)
    task = task.configured(config)
    evaluation = compile_evaluation(
        lambda: programs_for(abstract_network(architecture, task), task, config)[0],
        weights,
        task,
        data,
        compiler_options(task, config),
        fingerprint=fingerprint_of(architecture, task, config),
    )
    return evaluation.measure_split(weights, split)


@functools.lru_cache(maxsize=2)
def put_on_device(task: Task) -> Data:
    """Copies all examples of a task to the device. The copy is cached for the next children of the task."""
    splits = task.splits.values()
    return Data(
        jnp.asarray(np.concatenate([examples.inputs for examples in splits])),
        jnp.asarray(np.concatenate([examples.labels for examples in splits])),
    )


def _ranges(task: Task) -> Mapping[Split, tuple[int, int]]:
    """The first index and the number of examples of each split in `Data`."""
    ranges: dict[Split, tuple[int, int]] = {}
    start = 0
    for name, examples in task.splits.items():
        ranges[name] = (start, len(examples))
        start += len(examples)
    return ranges
