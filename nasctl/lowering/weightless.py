"""What Flax modules of ops without weights have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from flax import nnx

from nasctl.graph import Attribute, Shape


class Weightless(nnx.Module):
    """A module that needs to know nothing when it is made."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        pass
