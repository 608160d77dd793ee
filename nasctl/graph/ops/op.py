"""What an op is: one entry that says how it changes shapes, what it costs, how it is drawn and lowered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from nasctl.graph.graph import Attribute, Shape

    Attributes = Mapping[str, Attribute]
    ShapeRule = Callable[..., Shape]
    CostRule = Callable[..., "Cost"]
    LabelRule = Callable[[Attributes], str]

Role = Literal["layer", "activation", "combination", "join", "embedding", "recurrent"]
"""What an op can be used as:

- `layer`: a layer type of a space file, which applies it to the output of the layer before;
- `activation`: the activation of a node of a tree cell;
- `combination`: the combination of two values in a tree cell;
- `join`: a join of any number of inputs, which equals its input where there is only one;
- `embedding`: a table of one vector for each word, whose vocabulary the task fixes;
- `recurrent`: a layer that applies a cell to each step of a sequence.
"""


@dataclass(frozen=True)
class Cost:
    """What a network, or one node of it, costs: figures known without running it.

    Attributes:
      params: Trained parameters.
      flops: Multiplications and additions of one forward pass on one example, so that a multiply-add counts
        two.
      activation_bytes: float32 bytes of the values that one forward pass on one example writes.
      depth: Layers with weights (convolutions and dense products) one after the other, on the longest path.
    """

    params: int = 0
    flops: int = 0
    activation_bytes: int = 0
    depth: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The cost of one after the other."""
        return Cost(
            self.params + other.params,
            self.flops + other.flops,
            self.activation_bytes + other.activation_bytes,
            self.depth + other.depth,
        )

    def training_bytes(self, batch: int) -> int:
        """Estimated memory of one training step with momentum, in bytes.

        Parameters, their gradients and their momenta; and for each example every activation and its gradient.
        """
        return 3 * 4 * self.params + 2 * batch * self.activation_bytes


@dataclass(frozen=True)
class Op:
    """One kind of node.

    Attributes:
      name: How nodes refer to it.
      shape: The shape rule, `(attributes, input_shapes) -> Shape`. Raises NasctlError where these do not fit.
        `nasctl.graph.node_shape` calls it.
      cost: The cost rule, `(attributes, input_shapes, output_shape) -> Cost`. Its `activation_bytes` exclude the
        node's output, which is counted for every node. `nasctl.graph.node_cost` calls it.
      label: What a drawing writes on it: `conv 3×5, 36`.
      family: How a drawing colours it: `source`, `compute`, `normalise`, `activate`, `join`, `pool`,
        `output`.
      lowering: Where its Flax module is, as `package.module:Class`; imported when a network is built, so that
        graphs are read, drawn and counted without JAX. The class is called with `(attributes, input_shapes,
        output_shape, rngs=…)` and its instances with the input arrays, whose first axis is that of the examples
        unless the class says otherwise (`nasctl.lowering.order`).
      channels: What becomes of the order of its inputs' channels: `mixed` where weights of its own absorb any
        order, `apart` where each channel is treated by itself and the order is passed on, `fixed` otherwise.
      unordered: Whether the order of its inputs is of no consequence, but for the order of its output's
        channels.
      keeps_zero: Whether inputs that are zero everywhere give an output that is.
      roles: What it can be used as. An activation of a package states `("layer", "activation")`.
      applies_graph: Whether an attribute is a Graph that it applies. Its rules then take one argument more, by which
        they measure that graph: the shape rule `infer_shapes`, the cost rule `measure_cost`.
    """

    name: str
    shape: ShapeRule
    cost: CostRule
    label: LabelRule
    family: str
    lowering: str
    channels: Literal["mixed", "apart", "fixed"] = "fixed"
    unordered: bool = False
    keeps_zero: bool = False
    roles: tuple[Role, ...] = ("layer",)
    applies_graph: bool = False
