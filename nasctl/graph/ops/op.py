"""What an op is: one entry that says how it changes shapes, what it costs, how it is drawn and where it is lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nasctl.graph.cost import Cost
    from nasctl.graph.graph import Attribute, Shape

    Attributes = Mapping[str, Attribute]
    ShapeRule = Callable[[Attributes, Sequence[Shape]], Shape]
    CostRule = Callable[[Attributes, Sequence[Shape], Shape], Cost]
    LabelRule = Callable[[Attributes], str]


@dataclass(frozen=True)
class Op:
    """One kind of node.

    Attributes:
      name: How nodes refer to it.
      shape: Shape of its output from its attributes and the shapes of its inputs; raises NasctlError where they
        do not fit.
      cost: Parameters and FLOPs of one node, from its attributes, the input shapes and the output shape.
      label: What a drawing writes on it: `conv 3×5, 36`.
      family: How a drawing colours it: `source`, `compute`, `normalise`, `activate`, `join`, `pool`, `output`.
      lowering: Where its Flax module is, as `package.module:Class`; imported when a network is built, so that
        graphs are read, drawn and counted without JAX. The class is called with `(attributes, input_shapes,
        output_shape, rngs=…)` and its instances with the input arrays.
    """

    name: str
    shape: ShapeRule
    cost: CostRule
    label: LabelRule
    family: str
    lowering: str
