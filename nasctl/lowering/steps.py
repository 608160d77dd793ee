"""Flax modules on the steps of a sequence: which of them are padding, a product at each, and the last.

Letters: N examples, T time steps, F features, H units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float, Shaped

from nasctl.graph import Attribute, Shape
from nasctl.lowering.initialisers import constant, uniform
from nasctl.lowering.modules import Stateless


class Mask(Stateless):
    """Which steps belong to an example. Padding is NaN in a series, and a negative number in a text."""

    def __call__(self, sequence: Shaped[Array, "N T *F"]) -> Float[Array, "N T"]:
        """Returns 1 for the steps of an example and 0 for padding, as float32."""
        own = sequence >= 0 if sequence.ndim == 2 else ~jnp.isnan(sequence[..., 0])
        return own.astype(jnp.float32)


class Project(nnx.Module):
    """A matrix product and a bias at each step of a series. Padding counts as zeros."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        features, units = input_shapes[0][-1], output_shape[-1]
        self.kernel = nnx.Param(uniform(rngs.params(), (features, units), (3 / features) ** 0.5))
        self.bias = nnx.Param(constant((units,), 0))

    def __call__(self, series: Float[Array, "N T F"]) -> Float[Array, "N T H"]:
        """Returns the product at each step."""
        return jnp.where(jnp.isnan(series), 0, series) @ self.kernel[...] + self.bias[...]


class LastStep(Stateless):
    """The last step of a sequence."""

    def __call__(self, sequence: Float[Array, "N T F"]) -> Float[Array, "N F"]:
        """Returns the vector of the last step."""
        return sequence[:, -1]
