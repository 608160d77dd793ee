"""Trains one child: `prepare` builds and compiles it, `PreparedChild.run` trains it."""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import jax
import numpy as np
import optax
from jaxtyping import Array, Key

from nasctl.config import TrainingConfig
from nasctl.errors import NotFinite
from nasctl.metrics import EpochMetrics
from nasctl.tasks import Split, Task
from nasctl.training.compilation import compiler_options, programs_for
from nasctl.training.evaluation import CompiledEvaluation, compile_evaluation, put_on_device
from nasctl.training.fingerprint import fingerprint_of
from nasctl.training.optimiser import first_momentum, learning_rates
from nasctl.training.plan import Plan, plan_drawer
from nasctl.training.program_cache import cached_program
from nasctl.training.weights import Buildable, Weights, split_network

UNMEASURED = frozenset({"epoch", "reward", "seconds"})
"""The entries of `EpochMetrics` that say nothing about the weights."""


@dataclass(frozen=True, eq=False)
class TrainedChild:
    """A child after its training.

    Attributes:
      weights: The best weights by validation, on the device.
      history: A record an epoch.
      best_epoch: The epoch, counted from 1, that `weights` are from.
      reward: `Task.reward` of the history.
      metrics: The record of the best epoch, and `seconds_prepare` and `seconds_train`.
      measure_split: Measures weights on a split, by the program that validated the child.
    """

    weights: Weights
    history: tuple[EpochMetrics, ...]
    best_epoch: int
    reward: float
    metrics: Mapping[str, float]
    measure_split: Callable[[Weights, Split], dict[str, float]]


@dataclass(frozen=True, eq=False)
class PreparedChild:
    """A child that is compiled and ready to be trained.

    Attributes:
      program: `Programs.train`, compiled.
      evaluation: The evaluation of the same network, compiled.
      weights: As they were drawn.
      momentum: The optimiser's state before the first step.
      draw: Draws the plan of an epoch.
      steps: Steps of an epoch.
      config: How it is to be trained.
      seed: Seed of the order of the examples and of the augmentation.
      seconds: What building and compiling took.
    """

    program: jax.stages.Compiled
    evaluation: CompiledEvaluation
    weights: Weights
    momentum: optax.OptState
    draw: Callable[[Key[Array, ""]], Plan]
    steps: int
    config: TrainingConfig
    seed: int
    seconds: float

    def run(
        self,
        on_epoch: Callable[[EpochMetrics], None] | None = None,
        *,
        rungs: Mapping[int, float] | None = None,
    ) -> TrainedChild:
        """Trains the child. Runs once: the momentum's memory is handed over to the first epoch.

        Args:
          on_epoch: Called after each epoch with its record; what it raises ends the training.
          rungs: Rewards that the child must have reached after some epochs; where it has not, it is done.

        Raises:
          NotFinite: The loss is no number any more.
        """
        task, data = self.evaluation.task, self.evaluation.data
        key = jax.random.key(self.seed)
        weights, momentum = self.weights, self.momentum
        started = time.perf_counter()
        history: list[EpochMetrics] = []
        validations: list[dict[str, float]] = []
        best, best_epoch, best_rank = weights, 0, None
        for epoch, rates in enumerate(learning_rates(self.config, self.steps), start=1):
            before = time.perf_counter()
            plan = self.draw(jax.random.fold_in(key, epoch))
            (weights, momentum), loss = self.program(weights, momentum, data, plan, rates)
            validation = self.evaluation.measure_split(weights, "validation")
            train_loss = float(loss)
            measured = {f"validation_{name}": value for name, value in validation.items()}
            if not math.isfinite(train_loss) or not all(map(math.isfinite, validation.values())):
                raise NotFinite(
                    f"the loss is no number any more in epoch {epoch}",
                    hint="a lower training.learning_rate may help",
                )
            validations.append(validation)
            record = {
                "epoch": epoch,
                "train_loss": train_loss,
                **measured,
                "reward": task.reward(validations),
                "seconds": time.perf_counter() - before,
            }
            history.append(record)
            rank = task.rank(validation)
            if best_rank is None or rank > best_rank:
                # Kept by reference: an epoch does not write over the weights that it is given.
                best, best_epoch, best_rank = weights, epoch, rank
            if on_epoch is not None:
                on_epoch(record)
            if record["reward"] < (rungs or {}).get(epoch, -math.inf):
                break
        return TrainedChild(
            weights=best,
            history=tuple(history),
            best_epoch=best_epoch,
            reward=history[-1]["reward"],
            metrics={
                **{name: v for name, v in history[best_epoch - 1].items() if name not in UNMEASURED},
                "seconds_prepare": self.seconds,
                "seconds_train": time.perf_counter() - started,
            },
            measure_split=self.evaluation.measure_split,
        )


def prepare(architecture: Buildable, task: Task, config: TrainingConfig, *, seed: int) -> PreparedChild:
    """Builds and compiles a child, so that it can be trained at once. A program that is kept is not even traced.

    Safe to call in a thread while another child is trained: XLA compiles without holding the interpreter.

    Args:
      architecture: What to build.
      task: What to train it on.
      config: How.
      seed: Seed of the initial parameters, of the order of the examples and of the augmentation.
    """
    started = time.perf_counter()
    data = put_on_device(task)
    if not config.augment:
        task = task.unaugmented
    draw = plan_drawer(task, config.batch)
    network = architecture.build(task.signature, seed=seed)
    _, weights = split_network(network)
    programs = functools.cache(lambda: programs_for(network, task, config)[0])
    momentum = first_momentum(weights.parameters, config)
    plan = jax.eval_shape(draw, jax.random.key(0))
    steps = len(plan.positions)
    rates = np.zeros(steps, np.float32)
    options = compiler_options(task, config)
    fingerprint = fingerprint_of(architecture, task, config)
    program = cached_program(
        lambda: jax.jit(programs().train, donate_argnums=1),
        (weights, momentum, data, plan, rates),
        options,
        name="train",
        fingerprint=fingerprint,
    )
    evaluation = compile_evaluation(programs, weights, task, data, options, fingerprint=fingerprint)
    return PreparedChild(
        program, evaluation, weights, momentum, draw, steps, config, seed, time.perf_counter() - started
    )


def train_child(
    architecture: Buildable,
    task: Task,
    config: TrainingConfig,
    *,
    seed: int,
    on_epoch: Callable[[EpochMetrics], None] | None = None,
) -> TrainedChild:
    """Trains a child from nothing: `prepare`, then `PreparedChild.run`.

    Raises:
      NotFinite: The loss is no number any more.
    """
    return prepare(architecture, task, config, seed=seed).run(on_epoch)
