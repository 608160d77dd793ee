"""The policy under the guidance of a reward model: it learns from strings that were scored, not tried.

Letters: B strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from nasctl.controllers.controller import State
from nasctl.controllers.policy.network import Parameters
from nasctl.controllers.policy.plan import Plan
from nasctl.controllers.policy.sampling import sample
from nasctl.controllers.policy.scoring import max_entropy, score
from nasctl.controllers.policy.train_state import (
    TrainState,
    from_arrays,
    init_train_state,
    optimizer,
    to_arrays,
)
from nasctl.controllers.presets import Hyperparameters

TARGET_ENTROPY = 0.3
"""The policy's entropy, as a part of a uniform policy's, that it is kept near."""

INITIAL_COEFFICIENT, COEFFICIENT_BOUNDS, COEFFICIENT_STEP = 0.1, (0.03, 3.0), 0.1
"""The weight of the entropy bonus at first, between which bounds it moves, and by how much its logarithm a step."""

STIFFNESS = 16.0
"""How much stronger (a logarithm) the bonus is at once for an entropy that is too low by all of a uniform policy's:
without it, the weight swings, and a policy may be sure of everything before it has risen."""


def imitation_loss(
    plan: Plan,
    parameters: Parameters,
    tokens: Int[Array, "B T"],
    weights: Float[Array, " B"],
    coefficient: Float[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """-mean(weight · log P(tokens)) - coefficient · exp(16 (0.3 - h)) · H.

    H is the mean entropy of a string in nats, h what part it is of a uniform policy's, a constant to the gradient.

    The weights are advantages for strings of the policy, which makes it REINFORCE, and positive for strings that are to
    be imitated (Abolafia et al. 2018).

    Returns:
      The loss, and h.
    """
    scores = score(plan, parameters, tokens)
    gained = (weights * scores.log_probability.sum(-1)).mean()
    entropy = scores.entropy.sum(-1).mean()
    part = entropy / jnp.maximum(max_entropy(plan, tokens).mean(), 1e-6)
    pressed = coefficient * jnp.exp(STIFFNESS * (TARGET_ENTROPY - jax.lax.stop_gradient(part)))
    return -gained - pressed * entropy, part


@partial(jax.jit, static_argnames="plan")
def _sample(
    plan: Plan,
    parameters: Parameters,
    stream: Key[Array, ""],
    draw_id: Int[Array, " 3"],
    given: Int[Array, "B T"],
    temperature: Float[Array, " B"],
) -> Int[Array, "B T"]:
    for number in draw_id:
        stream = jax.random.fold_in(stream, number)
    return sample(plan, parameters, jax.random.uniform(stream, given.shape), given, temperature).tokens


@partial(jax.jit, static_argnames=("plan", "hyperparameters"))
def _improve(
    plan: Plan,
    hyperparameters: Hyperparameters,
    train_state: TrainState,
    log_coefficient: Float[Array, ""],
    tokens: Int[Array, "B T"],
    weights: Float[Array, " B"],
) -> tuple[TrainState, Float[Array, ""], dict[str, Array]]:
    coefficient = jnp.exp(log_coefficient)
    (loss, entropy), gradient = jax.value_and_grad(imitation_loss, argnums=1, has_aux=True)(
        plan, train_state.parameters, tokens, weights, coefficient
    )
    change, moments = optimizer(hyperparameters).update(gradient, train_state.moments, train_state.parameters)
    train_state = TrainState(optax.apply_updates(train_state.parameters, change), moments)
    steered = log_coefficient + jnp.clip(TARGET_ENTROPY - entropy, -COEFFICIENT_STEP, COEFFICIENT_STEP)
    steered = jnp.clip(steered, *(math.log(bound) for bound in COEFFICIENT_BOUNDS))
    metrics = {"loss": loss, "entropy": entropy, "gradient_norm": optax.tree.norm(gradient)}
    return train_state, steered, metrics | {"entropy_bonus": coefficient}


class GuidedPolicy:
    """An LSTM policy that is improved by scored strings, its entropy steered.

    Args:
      plan: The compiled space.
      hyperparameters: How the network is built and learns.
      seed: Seed of the initial parameters and of all samples.
    """

    def __init__(self, plan: Plan, hyperparameters: Hyperparameters, seed: int) -> None:
        self._plan = plan
        self._hyperparameters = hyperparameters
        self._stream = jax.random.key(seed)
        self._train_state = init_train_state(plan, hyperparameters, seed)
        self._log_coefficient = jnp.asarray(math.log(INITIAL_COEFFICIENT), jnp.float32)

    def sample(
        self,
        draw_id: tuple[int, int, int],
        given: Int[np.ndarray, "B T"],
        temperature: Float[np.ndarray, " B"],
    ) -> Int[np.ndarray, "B T"]:
        """Strings from the policy, where their tokens are not given; they depend on the draw_id they are drawn for."""
        numbers = np.array(draw_id, np.uint32)
        tokens = _sample(
            self._plan,
            self._train_state.parameters,
            self._stream,
            numbers,
            given.astype(np.int32),
            temperature.astype(np.float32),
        )
        return np.array(tokens, np.int32)

    def improve(self, strings: Int[np.ndarray, "B T"], weights: Float[np.ndarray, " B"]) -> dict[str, Array]:
        """One gradient step towards strings of positive weight and away from others."""
        self._train_state, self._log_coefficient, metrics = _improve(
            self._plan,
            self._hyperparameters,
            self._train_state,
            self._log_coefficient,
            strings.astype(np.int32),
            weights.astype(np.float32),
        )
        found: dict[str, Array] = metrics
        return found

    def state(self) -> State:
        """Parameters, moments and the entropy bonus."""
        return to_arrays(self._train_state) | {"log_coefficient": np.array(self._log_coefficient)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a checked state."""
        self._train_state = from_arrays(state, self._train_state)
        self._log_coefficient = jnp.asarray(state["log_coefficient"])
