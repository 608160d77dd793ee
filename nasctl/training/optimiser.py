"""The optimiser of a child, SGD with Nesterov momentum or Adam, and the schedule of its learning rate."""

from __future__ import annotations

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, PyTree

from nasctl.config import TrainingConfig


def make_optimiser(
    learning_rate: float | Float[Array, ""], config: TrainingConfig
) -> optax.GradientTransformation:
    """The optimiser with a given learning rate.

    A gradient whose norm is larger than `clip` is scaled down to it. Let g be the result plus `weight_decay` times the
    parameter, and m the momentum. SGD computes v ← m v + g and changes the parameter by -rate (g + m v) (Zoph & Le
    2017, section 4.1); Adam takes g as its gradient and m as its first decay rate.

    The state does not depend on the rate. So a compiled epoch takes the rates of its steps as an argument and serves
    every schedule.

    Args:
      learning_rate: The rate of the step.
      config: Optimiser, momentum, weight decay and clipping.
    """
    step = (
        optax.adam(learning_rate, b1=config.momentum)
        if config.optimiser == "adam"
        else optax.sgd(learning_rate, momentum=config.momentum, nesterov=True)
    )
    clip = [optax.clip_by_global_norm(config.clip)] if config.clip else []
    return _with_one_vector(optax.chain(*clip, optax.add_decayed_weights(config.weight_decay), step))


def initial_optimiser_state(parameters: PyTree, config: TrainingConfig) -> optax.OptState:
    """The optimiser's state before the first step, which is zero. It is made without compiling a program."""
    shapes = jax.eval_shape(make_optimiser(0.0, config).init, parameters)
    return jax.tree.map(lambda leaf: jax.device_put(np.zeros(leaf.shape, leaf.dtype)), shapes)


def _with_one_vector(
    transformation: optax.GradientTransformationExtraArgs,
) -> optax.GradientTransformation:
    """Wraps a transformation so that all vectors among the parameters (biases, scales) are passed to it as one vector.

    XLA compiles kernels for each array that is updated, so this reduces their number. `optax.flatten` inside
    `optax.partition` does the same, but fails if there are no vectors.
    """

    def init(parameters: PyTree) -> optax.OptState:
        return transformation.init(_packed(parameters))

    def update(
        gradient: PyTree, state: optax.OptState, parameters: PyTree | None = None
    ) -> tuple[PyTree, optax.OptState]:
        changes, state = transformation.update(_packed(gradient), state, _packed(parameters))
        return _unpacked(changes, gradient), state

    return optax.GradientTransformation(init, update)


def _packed(tree: PyTree) -> PyTree:
    """The arrays of a tree with two or more axes, and all its vectors concatenated, if it has any."""
    leaves = jax.tree.leaves(tree)
    vectors = [jnp.ravel(leaf) for leaf in leaves if leaf.ndim < 2]
    return [leaf for leaf in leaves if leaf.ndim > 1], [jnp.concatenate(vectors)] if vectors else []


def _unpacked(packed: PyTree, like: PyTree) -> PyTree:
    leaves, structure = jax.tree.flatten(like)
    larger, vectors = iter(packed[0]), packed[1]
    start, unpacked = 0, []
    for leaf in leaves:
        if leaf.ndim > 1:
            unpacked.append(next(larger))
        else:
            unpacked.append(jnp.reshape(vectors[0][start : start + leaf.size], leaf.shape))
            start += leaf.size
    return jax.tree.unflatten(structure, unpacked)


def learning_rates(config: TrainingConfig, steps: int) -> Float[np.ndarray, "epochs steps"]:
    """The learning rate of each step of each epoch.

    >>> learning_rates(TrainingConfig(epochs=2, learning_rate=1.0), 2).round(2)
    array([[1.  , 0.85],
           [0.5 , 0.15]], dtype=float32)
    """
    total = config.epochs * steps
    if config.schedule == "constant":
        schedule = np.full(total, config.learning_rate)
    else:
        schedule = config.learning_rate * (1 + np.cos(np.pi * np.arange(total) / total)) / 2
    return schedule.reshape(config.epochs, steps).astype(np.float32)
