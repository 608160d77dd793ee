"""The two programs of a child: an epoch of training, and the evaluation of a split. Each is one dispatch.

The evaluation is a program of its own, not part of the epoch's, and serves all splits. So an accuracy is the same to
the last digit in the training and in `nasctl eval`.

Letters: N examples of all splits, in one array on the device; S steps of an epoch, B examples of a step.
"""

from __future__ import annotations

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
      evaluate: `(weights, data, start, count) -> sums`: the sums of `Task.measure` over a range of examples.
    """

    step: Callable[..., tuple[TrainState, Float[Array, ""]]]
    train: Callable[..., tuple[TrainState, Float[Array, ""]]]
    evaluate: Callable[..., dict[str, Float[Array, ""]]]


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

    def evaluate(
        weights: Weights, data: Data, start: Int[Array, ""], count: Int[Array, ""]
    ) -> dict[str, Float[Array, ""]]:
        network = nnx.merge(evaluation_graph, to_compute(weights.parameters, config), weights.statistics)

        def add(number: Int[Array, ""], sums: dict[str, Float[Array, ""]]) -> dict[str, Float[Array, ""]]:
            offsets = number * batch + jnp.arange(batch)
            positions = start + jnp.minimum(offsets, count - 1)
            logits = network(to_compute(task.inputs(data.inputs[positions]), config))
            measures = task.measure(to_measure(logits), data.labels[positions])
            return {
                name: sums[name] + jnp.sum(jnp.where(offsets < count, measures[name], 0)) for name in sums
            }

        zeros = dict.fromkeys(task.measures, jnp.float32(0))
        sums: dict[str, Float[Array, ""]] = lax.fori_loop(0, (count + batch - 1) // batch, add, zeros)
        return sums

    return Programs(step, train, evaluate), weights
