"""How a child's parameters are changed: SGD with Nesterov momentum, or Adam, and a schedule of the rate."""

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
    """One step at the given rate.

    The gradient is scaled down to the norm `clip` where it is longer. With g this plus `weight_decay` times the
    parameter, and m the momentum, SGD is v ← m v + g, and the parameter changes by -rate (g + m v) (Zoph & Le 2017,
    section 4.1); Adam takes g as its gradient and m as its first decay. The state does not depend on the rate, so
    that a compiled epoch takes the rates of its steps as an argument and serves every schedule.
    """
    step = (
        optax.adam(learning_rate, b1=config.momentum)
        if config.optimiser == "adam"
        else optax.sgd(learning_rate, momentum=config.momentum, nesterov=True)
    )
    clip = [optax.clip_by_global_norm(config.clip)] if config.clip else []
    return _vectors_together(optax.chain(*clip, optax.add_decayed_weights(config.weight_decay), step))


def initial_optimiser_state(parameters: PyTree, config: TrainingConfig) -> optax.OptState:
    """The optimiser's state before the first step, which is zero; nothing is compiled for it."""
    shapes = jax.eval_shape(make_optimiser(0.0, config).init, parameters)
    return jax.tree.map(lambda leaf: jax.device_put(np.zeros(leaf.shape, leaf.dtype)), shapes)


def _vectors_together(
    transformation: optax.GradientTransformationExtraArgs,
) -> optax.GradientTransformation:
    """A transformation that sees all vectors among the parameters (biases, scales) as one: XLA compiles kernels for
    each array that is changed. `optax.flatten` under `optax.partition` fails where there are no vectors."""

    def init(parameters: PyTree) -> optax.OptState:
        return transformation.init(_packed(parameters))

    def update(
        gradient: PyTree, state: optax.OptState, parameters: PyTree | None = None
    ) -> tuple[PyTree, optax.OptState]:
        changes, state = transformation.update(_packed(gradient), state, _packed(parameters))
        return _unpacked(changes, gradient), state

    return optax.GradientTransformation(init, update)


def _packed(tree: PyTree) -> PyTree:
    """The matrices and larger arrays of a tree; its vectors end to end, if it has any."""
    leaves = jax.tree.leaves(tree)
    vectors = [jnp.ravel(leaf) for leaf in leaves if leaf.ndim < 2]
    return [leaf for leaf in leaves if leaf.ndim > 1], [jnp.concatenate(vectors)] if vectors else []


def _unpacked(packed: PyTree, like: PyTree) -> PyTree:
    leaves, structure = jax.tree.flatten(like)
    larger, vectors = iter(packed[0]), packed[1]
    start, found = 0, []
    for leaf in leaves:
        if leaf.ndim > 1:
            found.append(next(larger))
        else:
            found.append(jnp.reshape(vectors[0][start : start + leaf.size], leaf.shape))
            start += leaf.size
    return jax.tree.unflatten(structure, found)


def learning_rates(config: TrainingConfig, steps: int) -> Float[np.ndarray, "epochs steps"]:
    """The rate of each step of each epoch.

    >>> learning_rates(TrainingConfig(epochs=2, learning_rate=1.0), 2).round(2).tolist()
    [[1.0, 0.85], [0.5, 0.15]]
    """
    total = config.epochs * steps
    if config.schedule == "constant":
        schedule = np.full(total, config.learning_rate)
    else:
        schedule = config.learning_rate * (1 + np.cos(np.pi * np.arange(total) / total)) / 2
    return schedule.reshape(config.epochs, steps).astype(np.float32)
