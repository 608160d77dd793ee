"""How a child's parameters are changed: SGD with Nesterov momentum, weight decay and a schedule (section 4.1)."""

from __future__ import annotations

import numpy as np
import optax
from jaxtyping import Array, Float

from nasctl.config import TrainingConfig


def make_optimiser(
    learning_rate: float | Float[Array, ""], config: TrainingConfig
) -> optax.GradientTransformation:
    """One step of SGD at the given rate.

    With g the gradient plus `weight_decay` times the parameter, and m the momentum: v ← m v + g, and the
    parameter changes by -rate (g + m v). The state does not depend on the rate, so that a compiled epoch takes the
    rates of its steps as an argument and serves every schedule.
    """
    return optax.chain(
        optax.add_decayed_weights(config.weight_decay),
        optax.sgd(learning_rate, momentum=config.momentum, nesterov=True),
    )


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
