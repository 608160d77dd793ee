"""Mixed precision: what a child computes in, whatever its parameters are kept in, which is float32 (Micikevicius et al.
2018, Mixed precision training)."""

from __future__ import annotations

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, PyTree

from nasctl.config import TrainingConfig


def to_compute(tree: PyTree, config: TrainingConfig) -> PyTree:
    """Parameters, inputs or states in the precision that the network computes in; what is not float32 as it is.

    Batch norm reckons in float32 all the same, and the loss is one of float32 logits (`to_measure`).
    """
    if config.precision == "float32":
        return tree
    return jax.tree.map(
        lambda leaf: leaf.astype(config.precision) if leaf.dtype == jnp.float32 else leaf, tree
    )


def to_measure(logits: Float[Array, "N ..."]) -> Float[Array, "N ..."]:
    """Logits in float32."""
    return logits.astype(jnp.float32)
