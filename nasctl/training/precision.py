"""Mixed precision: parameters are float32, and the network computes in the precision of the settings.

Reference: Micikevicius et al. 2018, Mixed precision training.
"""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nasctl.config import TrainingConfig


def to_compute(tree: PyTree, config: TrainingConfig) -> PyTree:
    """Casts the float32 arrays of a tree (parameters, inputs, states) to the precision that the network computes in.

    Batch norm still computes in float32, and so does the loss (`to_measure`).
    """
    if config.precision == "float32":
        return tree
    return jax.tree.map(
        lambda leaf: leaf.astype(config.precision) if leaf.dtype == jnp.float32 else leaf, tree
    )


def to_measure(logits: Float[Array, "N ..."]) -> Float[Array, "N ..."]:
    """Casts logits to float32, for the loss and the metrics."""
    return logits.astype(jnp.float32)
