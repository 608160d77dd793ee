"""Flax modules that turn tokens into vectors and back.

Letters: N examples, T steps, V vocabulary, H units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

from flax import nnx
from jaxtyping import Array, Float, Int

from nasctl.graph import Attribute, Shape
from nasctl.lowering.initial import constant, uniform
from nasctl.lowering.weightless import Weightless

SPREAD = 5.5
"""Tables begin uniform in ±SPREAD / sqrt(H), so that the logits of a shared table begin at one scale whatever H is.

Where they begin smaller, as with the ±0.1 that is usual for long training, a short one ends on a plateau: after 500
steps the published NASCell of 64 units has a perplexity of 197 on the embedded text, with these 105 to 130.
"""


class Table(nnx.Module):
    """A vector for each token, as the value of a node that others read."""

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
        """The table."""
        return self.table[...]


class Lookup(Weightless):
    """The vectors of the tokens of a text."""

    def __call__(self, text: Int[Array, "N T"], table: Float[Array, "V H"]) -> Float[Array, "N T H"]:
        """The vectors, in order."""
        return table[text]


class Embedding(nnx.Module):
    """A table of its own and the lookup in it."""

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
        """The vectors, in order."""
        return self.table[text]


class Unembed(nnx.Module):
    """Logits: the product with each token's vector, plus a bias."""

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
        """The logits."""
        return hidden @ table.T + self.bias[...]
