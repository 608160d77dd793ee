"""Flax modules that map text tokens to vectors and vectors to logits over text tokens.

Letters: N examples, T time steps, V size of the vocabulary, H units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from flax import nnx
from jaxtyping import Array, Float, Int

from nasctl.graph import Attribute, Shape
from nasctl.lowering.initialisers import constant, uniform
from nasctl.lowering.modules import Stateless

SPREAD = 5.5
"""Tables are initialised uniformly within ±SPREAD / sqrt(H).

With this scale the initial logits of a shared table do not depend on H. Smaller values, such as the usual ±0.1, need
longer training than a child gets (`benchmarks/notes/initial_values.md`).
"""


class Table(nnx.Module):
    """An embedding table that several nodes share: one vector for each text token."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        self.table = nnx.Param(uniform(rngs.params(), output_shape, SPREAD * output_shape[-1] ** -0.5))

    def __call__(self) -> Float[Array, "V H"]:
        """Returns the table."""
        return self.table[...]


class Lookup(Stateless):
    """Lookup of text tokens in a table that is another node's output."""

    def __call__(self, text: Int[Array, "N T"], table: Float[Array, "V H"]) -> Float[Array, "N T H"]:
        """Returns the vector of each token."""
        return table[text]


class Embedding(nnx.Module):
    """Embedding layer: lookup of text tokens in a table of its own."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        vocabulary = cast(int, attributes["vocabulary"])
        self.table = nnx.Param(
            uniform(rngs.params(), (vocabulary, output_shape[-1]), SPREAD * output_shape[-1] ** -0.5)
        )

    def __call__(self, text: Int[Array, "N T"]) -> Float[Array, "N T H"]:
        """Returns the vector of each token."""
        return self.table[text]


class Unembed(nnx.Module):
    """Output layer with a shared table: the product with each token's vector, plus a bias."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        self.bias = nnx.Param(constant((output_shape[1],), 0))

    def __call__(self, hidden: Float[Array, "N T H"], table: Float[Array, "V H"]) -> Float[Array, "N T V"]:
        """Returns the logits."""
        return hidden @ table.T + self.bias[...]
