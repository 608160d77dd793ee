"""What learning changes about a policy, its parameters and the optimiser's moments: as they begin, and saved."""

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
from nasctl.controllers.presets import Settings


class Learner(NamedTuple):
    """What an update changes: the policy and the state of its optimiser."""

    parameters: Parameters
    moments: optax.OptState


def optimizer(settings: Settings) -> optax.GradientTransformation:
    """Adam, after the gradient was scaled down to the settings' norm."""
    adam = optax.adam(settings.learning_rate)
    clip = optax.clip_by_global_norm(settings.gradient_norm) if settings.gradient_norm else optax.identity()
    return optax.flatten(optax.chain(clip, adam))  # as one vector it compiles and runs in a third of the time


def new_learner(plan: Plan, settings: Settings, seed: int) -> Learner:
    """A policy that has learned nothing."""
    parameters = initial_parameters(
        np.random.default_rng(seed),
        plan,
        layers=settings.layers,
        hidden=settings.hidden,
        scale=settings.initial_scale,
        offsets=settings.offsets,
    )
    return Learner(parameters, optimizer(settings).init(parameters))


def learner_state(learner: Learner) -> State:
    """The learner as arrays by name, in an order that `restored_learner` knows."""
    leaves, _ = jax.tree_util.tree_flatten_with_path(learner)
    return {jax.tree_util.keystr(path, simple=True, separator="/"): np.array(leaf) for path, leaf in leaves}


def restored_learner(state: Mapping[str, np.ndarray], like: Learner) -> Learner:
    """The learner of a checked state."""
    names = list(learner_state(like))
    leaves = [jnp.asarray(state[name]) for name in names]
    learner: Learner = jax.tree.unflatten(jax.tree.structure(like), leaves)
    return learner
