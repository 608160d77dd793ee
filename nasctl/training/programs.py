"""The two programs of a child: an epoch of training, and the evaluation of a split. Each is one dispatch.

The evaluation is a program of its own, not part of the epoch's, and serves all splits. So an accuracy is the same to
the last digit in the training and in `nasctl eval`.

Letters: N examples of all splits, in one array on the device; S steps of an epoch, B examples of a step.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import lax
from jaxtyping import Array, Float, Int, PyTree, Shaped

from nasctl.config import TrainingConfig
from nasctl.tasks import Task
from nasctl.training.optimiser import make_optimiser
from nasctl.training.plan import EpochPlan, steps_of_epoch
from nasctl.training.precision import to_compute, to_measure
from nasctl.training.weights import Weights, split_network


class Data(NamedTuple):
    """All examples of a task: those for training, validation and test, concatenated in the order of `Task.splits`."""

    inputs: Shaped[Array, "N ..."]
    labels: Int[Array, "N ..."]


Sums = dict[str, Float[Array, ""]]
"""The sum of each of `Task.measures` over some examples."""


class TrainState(NamedTuple):
    """What an epoch takes from the epoch before.

    Attributes:
      weights: The weights of the network.
      optimiser_state: The state of `make_optimiser`.
    """

    weights: Weights
    optimiser_state: optax.OptState


@dataclass(frozen=True, eq=False)
class Programs:
    """The functions of a network on a task, for `jax.jit` to compile.

    Attributes:
      step: `(weights, optimiser_state, data, plan, rate) -> (state, loss)`, where the plan has one step.
      train: `(weights, optimiser_state, data, plan, rates) -> (state, mean loss)`: a scan over the steps of an epoch.
      evaluate: `(weights, data, start, count, sums) -> (sums, outputs)`: adds `Task.measure` over a range of examples
        to the sums, and returns the outputs of the network, (M, K), whose first `count` rows are those of the range.
        The range has at most M = `evaluation_capacity` examples. If the task does not read the outputs
        (`Task.predicts`), they are None and the range may have any size.
      train_chunk: `(weights, optimiser_state, data, plan, rates) -> (state, losses)`: a scan over the steps of a chunk
        of an epoch, with the loss of each step; None if the examples are read in order.
    """

    step: Callable[..., tuple[TrainState, Float[Array, ""]]]
    train: Callable[..., tuple[TrainState, Float[Array, ""]]]
    evaluate: Callable[..., tuple[Sums, Float[Array, "M K"] | None]]
    train_chunk: Callable[..., tuple[TrainState, Float[Array, " C"]]] | None = None


_LARGEST_OUTPUTS = 2**26
"""Bytes of the outputs that one dispatch of an evaluation may return."""


def evaluation_capacity(task: Task, config: TrainingConfig, examples: int) -> int:
    """The largest number of examples that one dispatch evaluates: a multiple of the examples of a step.

    It is enough for the validation and the test examples, unless their outputs are larger than 64 MiB. The training
    examples of a large data set are evaluated in several dispatches.

    Args:
      task: The task.
      config: The settings of the training, which decide how many examples a step has.
      examples: N, the number of examples on the device.
    """
    _, batch = steps_of_epoch(len(task.splits["train"]), config.batch)
    needed = min(max(len(task.splits["validation"]), len(task.splits["test"])), examples)
    most = _LARGEST_OUTPUTS // (4 * task.signature.outputs)
    return batch * max(1, min(math.ceil(needed / batch), most // batch))


def make_programs(network: Any, task: Task, config: TrainingConfig) -> tuple[Programs, Weights]:
    """The programs of a network whose examples are independent, and the network's weights.

    Args:
      network: A Flax NNX module from `task.inputs` to logits.
      task: The task.
      config: Batch, precision, momentum and weight decay; the epochs and rates are not compiled in.
    """
    network.train()
    training_graph, weights = split_network(network)
    network.eval()
    evaluation_graph, _ = split_network(network)
    _, batch = steps_of_epoch(len(task.splits["train"]), config.batch)

    def loss(
        parameters: PyTree, statistics: PyTree, inputs: Array, labels: Array, counts: Array
    ) -> tuple[Float[Array, ""], PyTree]:
        network = nnx.merge(training_graph, to_compute(parameters, config), statistics)
        losses = task.training_loss(to_measure(network(to_compute(inputs, config))), labels)
        return jnp.sum(losses * counts) / jnp.sum(counts), split_network(network)[1].statistics

    def step(
        weights: Weights, optimiser_state: optax.OptState, data: Data, plan: EpochPlan, rate: Float[Array, ""]
    ) -> tuple[TrainState, Float[Array, ""]]:
        inputs = task.augment(plan.variations, data.inputs[plan.positions])
        (value, statistics), gradient = jax.value_and_grad(loss, has_aux=True)(
            *weights, inputs, data.labels[plan.positions], plan.counts
        )
        updates, optimiser_state = make_optimiser(rate, config).update(
            gradient, optimiser_state, weights.parameters
        )
        parameters = optax.apply_updates(weights.parameters, updates)
        return TrainState(Weights(parameters, statistics), optimiser_state), value

    def train(
        weights: Weights,
        optimiser_state: optax.OptState,
        data: Data,
        plan: EpochPlan,
        rates: Float[Array, " S"],
    ) -> tuple[TrainState, Float[Array, ""]]:
        state, losses = lax.scan(
            lambda state, now: step(*state, data, *now), TrainState(weights, optimiser_state), (plan, rates)
        )
        return state, jnp.mean(losses)

    def train_chunk(
        weights: Weights,
        optimiser_state: optax.OptState,
        data: Data,
        plan: EpochPlan,
        rates: Float[Array, " C"],
    ) -> tuple[TrainState, Float[Array, " C"]]:
        state, losses = lax.scan(
            lambda state, now: step(*state, data, *now), TrainState(weights, optimiser_state), (plan, rates)
        )
        return state, losses

    def evaluate(
        weights: Weights, data: Data, start: Int[Array, ""], count: Int[Array, ""], sums: Sums
    ) -> tuple[Sums, Float[Array, "M K"] | None]:
        network = nnx.merge(evaluation_graph, to_compute(weights.parameters, config), weights.statistics)

        def add(
            number: Int[Array, ""], state: tuple[Sums, Float[Array, "M K"] | None]
        ) -> tuple[Sums, Float[Array, "M K"] | None]:
            sums, outputs = state
            offsets = number * batch + jnp.arange(batch)
            positions = start + jnp.minimum(offsets, count - 1)
            logits = to_measure(network(to_compute(task.inputs(data.inputs[positions]), config)))
            measures = task.measure(logits, data.labels[positions])
            sums = {
                name: sums[name] + jnp.sum(jnp.where(offsets < count, measures[name], 0)) for name in sums
            }
            if outputs is not None:
                outputs = lax.dynamic_update_slice(outputs, logits, (number * batch, 0))
            return sums, outputs

        capacity = evaluation_capacity(task, config, len(data.labels))
        outputs = jnp.zeros((capacity, task.signature.outputs)) if task.predicts else None
        steps = (count + batch - 1) // batch
        sums, outputs = lax.fori_loop(0, steps, add, (sums, outputs))
        return sums, outputs

    return Programs(step, train, evaluate, train_chunk), weights
