"""Trains a child: `prepare` builds and compiles its network, `PreparedChild.run` trains it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Key

from nasctl.bounds import key_seed
from nasctl.config import TrainingConfig
from nasctl.metrics import EpochMetrics
from nasctl.tasks import Task
from nasctl.training.chunks import Chunk, ChunkedSet, examples_of
from nasctl.training.compilation import compiler_options, programs_for
from nasctl.training.evaluation import CompiledEvaluation, compile_evaluation
from nasctl.training.fingerprint import fingerprint_of
from nasctl.training.loop import EpochResult, TrainedChild, run_epochs
from nasctl.training.optimiser import initial_optimiser_state, learning_rates
from nasctl.training.plan import EpochPlan, plan_drawer
from nasctl.training.program_cache import cached_program
from nasctl.training.programs import TrainState
from nasctl.training.weights import Buildable, Weights, split_network


@dataclass(frozen=True, eq=False)
class PreparedChild:
    """A child whose programs are compiled.

    Attributes:
      programs: `Programs.train`, compiled, by its number of steps; or `Programs.train_chunk` if the examples are read
        in chunks.
      evaluation: The evaluation of the same network, compiled.
      weights: The initial weights.
      optimiser_state: The optimiser's state before the first step.
      draw: Draws the plan of an epoch from a key.
      steps: Steps of an epoch.
      config: The settings of the training.
      seed: Seed of the order of the examples and of the augmentation.
      seconds: How long building and compiling took.
    """

    programs: Mapping[int, jax.stages.Compiled]
    evaluation: CompiledEvaluation
    weights: Weights
    optimiser_state: optax.OptState
    draw: Callable[[Key[Array, ""]], EpochPlan]
    steps: int
    config: TrainingConfig
    seed: int
    seconds: float

    @property
    def program(self) -> jax.stages.Compiled:
        """The program of most steps; the only one if the examples are on the device."""
        return self.programs[max(self.programs)]

    def run(
        self,
        on_epoch: Callable[[EpochMetrics], None] | None = None,
        *,
        rungs: Mapping[int, float] | None = None,
    ) -> TrainedChild:
        """Trains the child. It can run only once: the first epoch takes over the memory of the optimiser's state.

        Args:
          on_epoch: Called with the metrics of each epoch; an exception that it raises ends the training.
          rungs: The smallest reward with which the child continues after an epoch, by the epoch.

        Raises:
          NotFinite: The loss is NaN or infinite.
        """
        started = time.perf_counter()
        key, evaluation = jax.random.key(self.seed), self.evaluation

        def run_epoch(
            state: TrainState, epoch: int, rates: Float[np.ndarray, " S"]
        ) -> tuple[TrainState, list[EpochResult]]:
            plan = self.draw(jax.random.fold_in(key, epoch))
            if isinstance(evaluation.examples, ChunkedSet):
                state, loss = self._train_chunks(state, evaluation.examples, plan, rates)
            else:
                state, loss = self.program(*state, evaluation.examples.data, plan, rates)
            validation = evaluation.measure_split(state.weights, "validation")
            return state, [(float(loss), validation)]

        (progress,) = run_epochs(
            run_epoch,
            TrainState(self.weights, self.optimiser_state),
            learning_rates(self.config, self.steps),
            evaluation.task,
            on_epoch=None if on_epoch is None else lambda _, metrics: on_epoch(metrics),
            rungs=rungs,
        )
        if progress.failure is not None:
            raise progress.failure
        times = {"seconds_prepare": self.seconds, "seconds_train": time.perf_counter() - started}
        return progress.finish(progress.best_weights, evaluation.measure_split, times)

    def _train_chunks(
        self, state: TrainState, examples: ChunkedSet, plan: EpochPlan, rates: Float[np.ndarray, " S"]
    ) -> tuple[TrainState, Float[Array, ""]]:
        """Trains an epoch chunk by chunk, and returns its mean loss as `Programs.train` does."""
        losses = []
        with closing(examples.epoch(jax.device_get(plan), rates)) as chunks:
            for chunk in chunks:
                state, of_chunk = self.programs[len(chunk.rates)](*state, *chunk)
                losses.append(np.asarray(of_chunk))  # waits until the chunk has been used
        return state, jnp.mean(np.concatenate(losses))


def prepare(
    architecture: Buildable, task: Task, config: TrainingConfig, *, seed: int, memory: int = 0
) -> PreparedChild:
    """Builds a child's network and compiles its programs, or loads them from the cache without tracing them.

    It can be called in a thread while another child is trained: XLA compiles without holding the interpreter lock.

    Args:
      architecture: The architecture to build.
      task: The task to train it on.
      config: The settings of the training.
      seed: Seed of the initial parameters, of the order of the examples and of the augmentation.
      memory: Bytes of memory that this process may use, of which the examples take up to a half. A larger data set is
        read in chunks, with the same results. 0 for the memory of the machine, or of its accelerator.
    """
    started = time.perf_counter()
    seed = key_seed(seed)
    examples = examples_of(task, config, memory)
    task = task.configured(config)
    draw = plan_drawer(task, config.batch)
    network = architecture.build(task.signature, seed=seed)
    _, weights = split_network(network)
    programs = functools.cache(lambda: programs_for(network, task, config)[0])
    optimiser_state = initial_optimiser_state(weights.parameters, config)
    plan = jax.eval_shape(draw, jax.random.key(0))
    steps = len(plan.positions)
    rates = np.zeros(steps, np.float32)
    options = compiler_options(task, config)
    fingerprint = fingerprint_of(architecture, task, config)
    if isinstance(examples, ChunkedSet):
        name, arguments = "train_chunk", examples.shapes(plan, rates)
    else:
        name, arguments = "train", [Chunk(examples.data, plan, rates)]
    compiled = {
        len(chunk.rates): cached_program(
            lambda: jax.jit(getattr(programs(), name), donate_argnums=1),
            (weights, optimiser_state, *chunk),
            options,
            name=name,
            fingerprint=fingerprint,
        )
        for chunk in arguments
    }
    evaluation = compile_evaluation(programs, weights, task, examples, config, fingerprint=fingerprint)
    return PreparedChild(
        compiled,
        evaluation,
        weights,
        optimiser_state,
        draw,
        steps,
        config,
        seed,
        time.perf_counter() - started,
    )


def train_child(
    architecture: Buildable,
    task: Task,
    config: TrainingConfig,
    *,
    seed: int,
    memory: int = 0,
    on_epoch: Callable[[EpochMetrics], None] | None = None,
) -> TrainedChild:
    """Prepares and trains a child: `prepare`, then `PreparedChild.run`.

    Raises:
      NotFinite: The loss is NaN or infinite.
    """
    return prepare(architecture, task, config, seed=seed, memory=memory).run(on_epoch)
