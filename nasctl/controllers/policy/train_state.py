"""The training state of a policy: its parameters and its optimiser's state, and their conversion to named arrays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from nasctl.controllers.controller import State
from nasctl.controllers.policy.network import Parameters, initial_parameters
from nasctl.controllers.policy.plan import Plan
from nasctl.controllers.presets import Hyperparameters


class PolicyTrainState(NamedTuple):
    """The parameters and the optimiser state, which an update changes.

    The names of the fields are part of stored controller states and must not change.

    Attributes:
      parameters: The parameters of the policy.
      moments: The state of the optimiser.
    """

    parameters: Parameters
    moments: optax.OptState


def optimizer(hyperparameters: Hyperparameters) -> optax.GradientTransformation:
    """Adam with clipping of the global gradient norm."""
    adam = optax.adam(hyperparameters.learning_rate)
    clip = (
        optax.clip_by_global_norm(hyperparameters.gradient_norm)
        if hyperparameters.gradient_norm
        else optax.identity()
    )
    return optax.flatten(optax.chain(clip, adam))  # as one vector it compiles and runs in a third of the time


def init_train_state(plan: Plan, hyperparameters: Hyperparameters, seed: int) -> PolicyTrainState:
    """The training state of an untrained policy.

    Args:
      plan: The compiled space.
      hyperparameters: How the policy is built and trained.
      seed: Seed of the initial parameters.
    """
    parameters = initial_parameters(
        np.random.default_rng(seed),
        plan,
        layers=hyperparameters.layers,
        hidden=hyperparameters.hidden,
        scale=hyperparameters.initial_scale,
        offsets=hyperparameters.offsets,
    )
    return PolicyTrainState(parameters, optimizer(hyperparameters).init(parameters))


def to_arrays(train_state: PolicyTrainState) -> State:
    """Converts a training state to arrays by name, such as `parameters/layers/0/kernel`."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(train_state)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.array(leaf) for path, leaf in leaves}


def from_arrays(state: Mapping[str, np.ndarray], like: PolicyTrainState) -> PolicyTrainState:
    """Converts arrays by name back to a training state.

    Args:
      state: The result of `to_arrays`, with the dtypes and shapes of `like`.
      like: A training state of the same structure.
    """
    names = list(to_arrays(like))
    leaves = [jnp.asarray(state[name]) for name in names]
    train_state: PolicyTrainState = jax.tree.unflatten(jax.tree.structure(like), leaves)
    return train_state
