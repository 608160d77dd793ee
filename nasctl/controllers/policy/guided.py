"""The LSTM policy that a reward model guides: it learns from strings with predicted rewards.

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
from jaxtyping import Array, Float, Int, Key, UInt

from nasctl.bounds import key_seed
from nasctl.controllers.controller import State
from nasctl.controllers.policy.network import Parameters
from nasctl.controllers.policy.plan import Plan
from nasctl.controllers.policy.sampling import sample
from nasctl.controllers.policy.scoring import max_entropy, score
from nasctl.controllers.policy.train_state import (
    PolicyTrainState,
    from_arrays,
    init_train_state,
    optimizer,
    to_arrays,
)
from nasctl.controllers.presets import Hyperparameters

TARGET_ENTROPY = 0.3
"""Target entropy of the policy, as a fraction of the entropy of a uniform policy."""

INITIAL_COEFFICIENT = 0.1
"""Initial coefficient of the entropy bonus."""

COEFFICIENT_BOUNDS = (0.03, 3.0)
"""Bounds of the coefficient."""

COEFFICIENT_STEP = 0.1
"""Largest change of the logarithm of the coefficient per gradient step."""

STIFFNESS = 16.0
"""Slope of the logarithm of the entropy bonus in the entropy fraction.

The bonus reacts at once to a low entropy, while the coefficient adapts slowly. Without this term, the
coefficient oscillates, and the policy can become deterministic before the coefficient has risen.
"""


def imitation_loss(
    plan: Plan,
    parameters: Parameters,
    tokens: Int[Array, "B T"],
    weights: Float[Array, " B"],
    coefficient: Float[Array, ""],
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The loss of the guided policy: a weighted log-likelihood with an adaptive entropy bonus.

    The loss is -mean(weight · log P(tokens)) - coefficient · exp(16 (0.3 - h)) · H, where H is the mean entropy
    of a string in nats, and h its fraction of the entropy of a uniform policy, constant with respect to the
    gradient.

    Where the weights are advantages of strings sampled from the policy, the first term is REINFORCE. Where they
    are positive constants, it imitates the strings, as in priority queue training (Abolafia et al. 2018,
    "Neural Program Synthesis with Priority Queue Training", arXiv 1801.03526).

    Args:
      plan: The compiled space.
      parameters: The policy.
      tokens: Token strings.
      weights: Weight of each string.
      coefficient: Coefficient of the entropy bonus.

    Returns:
      The loss and h.
    """
    scores = score(plan, parameters, tokens)
    objective = (weights * scores.log_probability.sum(-1)).mean()
    entropy = scores.entropy.sum(-1).mean()
    fraction = entropy / jnp.maximum(max_entropy(plan, tokens).mean(), 1e-6)
    bonus = coefficient * jnp.exp(STIFFNESS * (TARGET_ENTROPY - jax.lax.stop_gradient(fraction)))
    return -objective - bonus * entropy, fraction


@partial(jax.jit, static_argnames="plan")
def _sample(
    plan: Plan,
    parameters: Parameters,
    stream: Key[Array, ""],
    draw_id: UInt[Array, " 3"],
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
    train_state: PolicyTrainState,
    log_coefficient: Float[Array, ""],
    tokens: Int[Array, "B T"],
    weights: Float[Array, " B"],
) -> tuple[PolicyTrainState, Float[Array, ""], dict[str, Array]]:
    coefficient = jnp.exp(log_coefficient)
    (loss, entropy), gradient = jax.value_and_grad(imitation_loss, argnums=1, has_aux=True)(
        plan, train_state.parameters, tokens, weights, coefficient
    )
    change, moments = optimizer(hyperparameters).update(gradient, train_state.moments, train_state.parameters)
    train_state = PolicyTrainState(optax.apply_updates(train_state.parameters, change), moments)
    log_coefficient += jnp.clip(TARGET_ENTROPY - entropy, -COEFFICIENT_STEP, COEFFICIENT_STEP)
    log_coefficient = jnp.clip(log_coefficient, *(math.log(bound) for bound in COEFFICIENT_BOUNDS))
    metrics = {"loss": loss, "entropy": entropy, "gradient_norm": optax.tree.norm(gradient)}
    return train_state, log_coefficient, metrics | {"entropy_bonus": coefficient}


class GuidedPolicy:
    """An LSTM policy that learns from weighted strings and keeps its entropy near `TARGET_ENTROPY`.

    Args:
      plan: The compiled space.
      hyperparameters: How the network is built and trained.
      seed: Seed of the initial parameters and of all samples.
    """

    def __init__(self, plan: Plan, hyperparameters: Hyperparameters, seed: int) -> None:
        self._plan = plan
        self._hyperparameters = hyperparameters
        self._stream = jax.random.key(key_seed(seed))
        self._train_state = init_train_state(plan, hyperparameters, seed)
        self._log_coefficient = jnp.asarray(math.log(INITIAL_COEFFICIENT), jnp.float32)

    def sample(
        self,
        draw_id: tuple[int, int, int],
        given: Int[np.ndarray, "B T"],
        temperature: Float[np.ndarray, " B"],
    ) -> Int[np.ndarray, "B T"]:
        """Samples the free tokens of incomplete strings.

        Args:
          draw_id: Identifies the draw: equal ids give equal random numbers.
          given: Tokens to keep, or `FREE`.
          temperature: For each string, the temperature of the softmax.
        """
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
        """Takes one gradient step on `imitation_loss`.

        Args:
          strings: Token strings.
          weights: Positive for strings to imitate, negative for strings to avoid.

        Returns:
          Metrics of the step by name.
        """
        self._train_state, self._log_coefficient, metrics = _improve(
            self._plan,
            self._hyperparameters,
            self._train_state,
            self._log_coefficient,
            strings.astype(np.int32),
            weights.astype(np.float32),
        )
        metrics_by_name: dict[str, Array] = metrics
        return metrics_by_name

    def state(self) -> State:
        """Returns the parameters, the optimiser's state and the coefficient of the entropy bonus."""
        return to_arrays(self._train_state) | {"log_coefficient": np.array(self._log_coefficient)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores a state that `check_state` has accepted."""
        self._train_state = from_arrays(state, self._train_state)
        self._log_coefficient = jnp.asarray(state["log_coefficient"])
