"""The programs of a child that reads a text: truncated back-propagation through time.

The N text tokens of a split are cut into B streams of equal length, which are read in parallel in windows of T tokens.
Each window starts from the states of the recurrent layers at the end of the window before; gradients do not pass
between windows. Every text token is predicted once. An epoch is one dispatch: a scan over its S windows.
"""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import optax
from flax import nnx
from jax import lax
from jaxtyping import Array, Float, Int, PyTree

from nasctl.config import TrainingConfig
from nasctl.tasks import Task
from nasctl.training.optimiser import make_optimiser
from nasctl.training.plan import EpochPlan, stream_layout
from nasctl.training.precision import to_compute, to_measure
from nasctl.training.programs import Data, Programs, Sums, TrainState
from nasctl.training.weights import Weights, split_network


def make_stream_programs(network: Any, task: Task, config: TrainingConfig) -> tuple[Programs, Weights]:
    """As `make_programs`, for a task whose examples are sequential.

    Args:
      network: A module with the methods `run` and `initial_carry` of `nasctl.lowering.Network`.
      task: The task.
      config: Batch, precision, clipping and optimiser; the epochs and rates are not compiled in.
    """
    network.train()
    training_graph, weights = split_network(network)
    network.eval()
    evaluation_graph, _ = split_network(network)
    (steps,) = task.signature.input_shape

    def loss(
        parameters: PyTree, statistics: PyTree, carry: PyTree, data: Data, plan: EpochPlan
    ) -> tuple[Float[Array, ""], tuple[PyTree, PyTree]]:
        network = nnx.merge(training_graph, to_compute(parameters, config), statistics)
        logits, carry = network.run(data.inputs[plan.positions], carry=carry)
        losses = task.training_loss(to_measure(logits), data.labels[plan.positions])
        mean = jnp.sum(losses * plan.counts) / jnp.sum(plan.counts)
        return mean, (split_network(network)[1].statistics, carry)

    def read(
        state: TrainState, carry: PyTree, data: Data, plan: EpochPlan, rate: Float[Array, ""]
    ) -> tuple[TrainState, PyTree, Float[Array, ""]]:
        weights, optimiser_state = state
        (value, (statistics, carry)), gradient = jax.value_and_grad(loss, has_aux=True)(
            *weights, carry, data, plan
        )
        updates, optimiser_state = make_optimiser(rate, config).update(
            gradient, optimiser_state, weights.parameters
        )
        parameters = optax.apply_updates(weights.parameters, updates)
        return TrainState(Weights(parameters, statistics), optimiser_state), carry, value

    def start(weights: Weights) -> PyTree:
        carry: PyTree = dict(nnx.merge(training_graph, *weights).initial_carry(config.batch))
        return to_compute(carry, config)

    def step(
        weights: Weights, optimiser_state: optax.OptState, data: Data, plan: EpochPlan, rate: Float[Array, ""]
    ) -> tuple[TrainState, Float[Array, ""]]:
        state, _, value = read(TrainState(weights, optimiser_state), start(weights), data, plan, rate)
        return state, value

    def train(
        weights: Weights,
        optimiser_state: optax.OptState,
        data: Data,
        plan: EpochPlan,
        rates: Float[Array, " S"],
    ) -> tuple[TrainState, Float[Array, ""]]:
        def window(
            before: tuple[TrainState, PyTree], now: tuple[EpochPlan, Float[Array, ""]]
        ) -> tuple[tuple[TrainState, PyTree], Float[Array, ""]]:
            plan, rate = now
            state, carry, value = read(*before, data, plan, rate)
            return (state, carry), value * jnp.sum(plan.counts)

        (state, _), sums = lax.scan(
            window, (TrainState(weights, optimiser_state), start(weights)), (plan, rates)
        )
        return state, jnp.sum(sums) / jnp.sum(plan.counts)

    def evaluate(
        weights: Weights, data: Data, start: Int[Array, ""], count: Int[Array, ""], sums: Sums
    ) -> tuple[Sums, None]:
        network = nnx.merge(evaluation_graph, to_compute(weights.parameters, config), weights.statistics)

        def window(number: Int[Array, ""], state: tuple[Sums, PyTree]) -> tuple[Sums, PyTree]:
            sums, carry = state
            positions, counts = stream_layout(count, config.batch, number * steps + jnp.arange(steps))
            logits, carry = network.run(data.inputs[start + positions], carry=carry)
            measures = task.measure(to_measure(logits), data.labels[start + positions])
            return {name: sums[name] + jnp.sum(measures[name], where=counts) for name in sums}, dict(carry)

        windows = (count + config.batch * steps - 1) // (config.batch * steps)
        carry = to_compute(dict(network.initial_carry(config.batch)), config)
        sums, _ = lax.fori_loop(0, windows, window, (sums, carry))
        return sums, None

    return Programs(step, train, evaluate), weights
