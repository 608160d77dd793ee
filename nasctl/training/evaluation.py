"""Measures the weights of a network on a split."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from nasctl.config import TrainingConfig
from nasctl.tasks import Split, Task
from nasctl.training.chunks import ChunkedSet, examples_of
from nasctl.training.compilation import compiler_options, programs_for
from nasctl.training.fingerprint import fingerprint_of
from nasctl.training.program_cache import cached_program
from nasctl.training.programs import Programs, evaluation_capacity
from nasctl.training.weights import Buildable, Weights, abstract_network
from nasctl.training.whole_set import WholeSet


@dataclass(frozen=True, eq=False)
class CompiledEvaluation:
    """The compiled evaluation of a network on a task. One program serves all splits.

    Attributes:
      program: `Programs.evaluate`, compiled.
      task: The task.
      examples: The task's examples.
      size: The largest number of examples that one dispatch evaluates; 0 for any number.
    """

    program: jax.stages.Compiled
    task: Task
    examples: WholeSet | ChunkedSet
    size: int

    def measure_split(self, weights: Weights, split: Split) -> dict[str, float]:
        """`Task.summary` of a split.

        Sums of 0 and 1 are exact in float32 up to 2²⁴ examples, so the accuracy of the same predictions is always the
        same to the last digit.

        Args:
          weights: The weights to measure.
          split: Which examples.
        """
        return self.read_split(weights, split)[0]

    def read_split(self, weights: Weights, split: Split) -> tuple[dict[str, float], np.ndarray | None]:
        """`measure_split`, and the outputs that it is computed from.

        Args:
          weights: The weights to measure.
          split: Which examples.

        Returns:
          The summary, and the outputs for the examples in their order, (n, K) as float32; None if the task does not
          read outputs (`Task.predicts`).
        """
        sums, outputs = self._read(weights, split)
        examples = self.task.splits[split]
        averages = {name: total / len(examples) for name, total in sums.items()}
        summary = self.task.summary(averages, outputs, None if outputs is None else examples.labels)
        return summary, outputs

    def _read(self, weights: Weights, split: Split) -> tuple[dict[str, float], np.ndarray | None]:
        """The sums of `Task.measure` over a split, and the outputs if the task reads them."""
        sums: Any = {name: np.float32(0) for name in self.task.measures}
        read = []
        with closing(self.examples.parts(split, self.size)) as parts:
            for data, start, count in parts:
                sums, outputs = self.program(weights, data, np.int32(start), np.int32(count), sums)
                sums = jax.device_get(sums)  # waits until the part has been used
                if outputs is not None:
                    read.append(np.asarray(outputs)[:count])
        totals = {name: float(total) for name, total in sums.items()}
        return totals, np.concatenate(read) if read else None


def compile_evaluation(
    programs: Callable[[], Programs],
    weights: Weights,
    task: Task,
    examples: WholeSet | ChunkedSet,
    config: TrainingConfig,
    *,
    fingerprint: str | None,
) -> CompiledEvaluation:
    """Compiles the evaluation of a network, or loads it from the program cache.

    Args:
      programs: Returns the programs of the network.
      weights: Weights of the shapes and types that it will measure.
      task: The task.
      examples: The task's examples.
      config: The settings of the training.
      fingerprint: What the programs depend on (`fingerprint_of`).
    """
    data = examples.data
    program = cached_program(
        lambda: jax.jit(programs().evaluate),
        (weights, data, np.int32(0), np.int32(1), dict.fromkeys(task.measures, np.float32(0))),
        compiler_options(task, config),
        name="evaluate",
        fingerprint=fingerprint,
    )
    size = evaluation_capacity(task, config, data.labels.shape[0]) if task.predicts else 0
    return CompiledEvaluation(program, task, examples, size)


def evaluate(
    architecture: Buildable,
    weights: Weights,
    task: Task,
    config: TrainingConfig,
    *,
    split: Split = "test",
    memory: int = 0,
) -> dict[str, float]:
    """Measures trained or loaded weights on a split, and returns `Task.summary`.

    Args:
      architecture: The architecture that the weights belong to.
      weights: The weights, from `TrainedChild.weights` or `Checkpoint.weights_for`.
      task: The task.
      config: The settings of the training, on which the compiled program depends.
      split: Which examples.
      memory: As for `prepare`.
    """
    return evaluate_with_outputs(architecture, weights, task, config, split=split, memory=memory)[0]


def evaluate_with_outputs(
    architecture: Buildable,
    weights: Weights,
    task: Task,
    config: TrainingConfig,
    *,
    split: Split = "test",
    memory: int = 0,
) -> tuple[dict[str, float], np.ndarray | None]:
    """As `evaluate`, with the outputs of the network: `CompiledEvaluation.read_split`."""
    examples = examples_of(task, config, memory)
    task = task.configured(config)
    evaluation = compile_evaluation(
        lambda: programs_for(abstract_network(architecture, task), task, config)[0],
        weights,
        task,
        examples,
        config,
        fingerprint=fingerprint_of(architecture, task, config),
    )
    return evaluation.read_split(weights, split)
