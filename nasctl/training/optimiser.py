"""How a child's parameters are changed: SGD with Nesterov momentum, or Adam, and a schedule of the rate."""

from __future__ import annotations

import numpy as np
import optax
from jaxtyping import Array, Float

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
    return optax.chain(*clip, optax.add_decayed_weights(config.weight_decay), step)


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
