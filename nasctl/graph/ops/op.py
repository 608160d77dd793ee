"""The description of an op: its shape, its cost, its drawing, and its Flax module."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from nasctl.graph.ops.property import Property

if TYPE_CHECKING:
    from nasctl.graph.graph import Attribute, Shape

    Attributes = Mapping[str, Attribute]
    ShapeRule = Callable[..., Shape]
    CostRule = Callable[..., "Cost"]
    LabelRule = Callable[[Attributes], str]

Role = Literal["layer", "activation", "combination", "join", "embedding", "projection", "recurrent"]
"""What an op can be used as:

- `layer`: a layer type of a space file, which applies it to the output of the layer before;
- `activation`: the activation of a node of a tree cell;
- `combination`: the combination of two values in a tree cell;
- `join`: a join of any number of inputs, which equals its input where there is only one;
- `embedding`: a table of one vector for each word, whose vocabulary the task fixes;
- `projection`: a product at each step of a series, with as many units as the recurrent layers that read it;
- `recurrent`: a layer that applies a cell to each step of a sequence.
"""


@dataclass(frozen=True)
class Cost:
    """The static cost of a network or a node.

    Attributes:
      params: Number of trained parameters.
      flops: Multiplications and additions of a forward pass on one example. A multiply-add counts as two.
      activation_bytes: Bytes of the float32 values that a forward pass on one example writes.
      depth: Number of layers with weights (convolutions and dense products) on the longest path.
    """

    params: int = 0
    flops: int = 0
    activation_bytes: int = 0
    depth: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The cost of two networks in sequence."""
        return Cost(
            self.params + other.params,
            self.flops + other.flops,
            self.activation_bytes + other.activation_bytes,
            self.depth + other.depth,
        )

    def training_bytes(self, batch: int) -> int:
        """Estimated memory of one training step with momentum, in bytes.

        It counts the parameters with their gradients and momenta, and the activations with their gradients.

        Args:
          batch: Examples of a step.
        """
        return 3 * 4 * self.params + 2 * batch * self.activation_bytes


@dataclass(frozen=True)
class Op:
    """A kind of node.

    Attributes:
      name: The name by which nodes refer to it.
      shape: The shape rule, `(attributes, input_shapes) -> Shape`. Raises NasctlError where these do not fit.
        `nasctl.graph.node_shape` calls it.
      cost: The cost rule, `(attributes, input_shapes, output_shape) -> Cost`. Its `activation_bytes` exclude the
        node's output, which is counted for every node. `nasctl.graph.node_cost` calls it.
      label: The text on its box in drawings, from the attributes: `conv 3×5, 36`.
      family: The colour of its box in drawings: `source`, `compute`, `normalise`, `activate`, `join`, `pool` or
        `output`.
      lowering: Its Flax module as `package.module:Class`. It is imported when a network is built, so that graphs can be
        read, drawn and counted without JAX. The class is called with `(attributes, input_shapes, output_shape,
        rngs=…)`, its instances with the input arrays. Their first axis is that of the examples unless the class states
        another order (`nasctl.lowering.data_layout`).
      channels: The effect of the order of the channels of its inputs. `mixed`: its weights absorb any order. `apart`:
        each channel is computed on its own, so that the output has the same order. `fixed`: anything else.
      unordered: Whether the order of its inputs changes nothing but the order of the channels of the output.
      keeps_zero: Whether the output is zero if all inputs are zero.
      roles: What it can be used as. By default it is a layer, and an op of the family `activate` is an activation, too.
      applies_graph: Whether one of its attributes is a Graph that it applies. Its rules then take a further argument to
        measure this graph: `infer_shapes` for the shape rule, `measure_cost` for the cost rule.
      properties: The properties that space files may give to it as a layer, by name. They become its attributes;
        a property that is not given has its default.
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
    roles: tuple[Role, ...] = None  # type: ignore[assignment]  # replaced by __post_init__
    applies_graph: bool = False
    properties: Mapping[str, Property] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        stated: tuple[Role, ...] | None = self.roles
        if stated is None:
            stated = ("layer", "activation") if self.family == "activate" else ("layer",)
            object.__setattr__(self, "roles", stated)
