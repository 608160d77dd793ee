"""The Flax module of the op `maxout`; nasctl imports it when a network is built, not before."""

from collections.abc import Mapping, Sequence
from math import prod

import jax.numpy as jnp
from flax import nnx
from jaxtyping import Array, Float

from nasctl.graph import Attribute, Shape


class Maxout(nnx.Module):
    """max over k of W_k x + b_k, whatever the shape of x."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        """The signature is that of all ops: shapes are of one example, without the batch."""
        pieces = attributes["pieces"]
        assert isinstance(pieces, int)
        self.pieces = pieces
        self.linear = nnx.Linear(prod(input_shapes[0]), output_shape[0] * pieces, rngs=rngs)

    def __call__(self, x: Float[Array, "N ..."]) -> Float[Array, "N units"]:
        """The largest piece of each unit."""
        products = self.linear(x.reshape(len(x), -1))
        return jnp.max(products.reshape(len(x), -1, self.pieces), axis=-1)
