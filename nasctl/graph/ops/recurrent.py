"""Ops of recurrent networks: the layer that applies a cell to a sequence, and the ops inside a cell.

A cell is a Graph, the attribute `cell` of a `recurrent` node. The attribute `slot` of its `input` nodes names their
values: `x` is the input of the layer at one step, any other slot is a state. The outputs of the cell are the new states
in the same order. The first of them is also the output of the layer at that step. Tree cells and the LSTM have the
states `h` and `c`, a vanilla recurrent network has `h` only.

Sequences of different lengths are padded in front, so that the last step of each is its own last step. The op `mask`
says which steps are padding. A `recurrent` node that reads it keeps its states at zero there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.graph.graph import Graph
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import only, positive_integer, shown_shape

if TYPE_CHECKING:
    from nasctl.graph.graph import Node, Shape
    from nasctl.graph.ops.op import Attributes


def bind_cell(cell: Graph, features: int, units: int) -> Graph:
    """Fills in the sizes of a cell: the shapes of its inputs and the units of its products.

    Args:
      cell: The cell. Its `linear` nodes without `units` get those of the layer.
      features: Size of the input of the layer at one step.
      units: Size of each state.
    """

    def bound(node: Node) -> Node:
        if node.op == "input":
            size = features if node.attributes.get("slot") == "x" else units
            return replace(node, attributes={**node.attributes, "shape": (size,)})
        if node.op == "linear":
            return replace(node, attributes={"units": units, **node.attributes})
        return node

    return replace(cell, nodes=tuple(bound(node) for node in cell.nodes))


def cell_states(cell: Graph) -> tuple[int, ...]:
    """Indices of the input nodes of the states, in order: all inputs but the slot `x`."""
    return tuple(
        index
        for index, node in enumerate(cell.nodes)
        if node.op == "input" and node.attributes.get("slot") != "x"
    )


def _bound_cell(attributes: Attributes, inputs: Sequence[Shape]) -> Graph:
    cell = attributes.get("cell")
    if not isinstance(cell, Graph):
        raise NasctlError("it needs a cell: the graph of one step")
    return bind_cell(cell, inputs[0][-1], positive_integer(attributes, "units"))


def _recurrent_shape(
    attributes: Attributes, inputs: Sequence[Shape], infer_shapes: Callable[[Graph], Sequence[Shape]]
) -> Shape:
    sequence = only(inputs[:1])
    if len(sequence) != 2:
        raise NasctlError(
            f"it reads a sequence (steps, features), but is given {shown_shape(sequence)}",
            hint="put an embedding before it",
        )
    if inputs[1:] and tuple(inputs[1:]) != (sequence[:1],):
        raise NasctlError(
            f"it reads a sequence and its mask ({sequence[0]},), but is given "
            f"{' and '.join(map(shown_shape, inputs))}"
        )
    cell = _bound_cell(attributes, inputs)
    shapes = infer_shapes(cell)
    states = [shapes[index] for index in cell_states(cell)]
    outputs = [shapes[index] for index in cell.outputs]
    if not states or outputs != states:
        state_shapes, output_shapes = (
            "; ".join(map(shown_shape, listed)) or "nothing" for listed in (states, outputs)
        )
        raise NasctlError(
            f"a cell must return each of its states, but the states are {state_shapes} and it returns {output_shapes}"
        )
    return inputs[0][0], outputs[0][0]


def _recurrent_cost(
    attributes: Attributes,
    inputs: Sequence[Shape],
    output: Shape,
    measure_cost: Callable[[Graph], Cost],
) -> Cost:
    step = measure_cost(_bound_cell(attributes, inputs))
    steps = output[0]
    beside_output = steps * step.activation_bytes - 4 * prod(output)
    return Cost(step.params, steps * step.flops, beside_output, step.depth)


def _mask_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    shape = only(inputs)
    if len(shape) not in (1, 2):
        raise NasctlError(f"it reads a text or a series, but is given {shown_shape(shape)}")
    return shape[:1]


def _project_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    return _series(inputs)[0], positive_integer(attributes, "units")


def _last_step_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    return _series(inputs)[1:]


def _series(inputs: Sequence[Shape]) -> Shape:
    shape = only(inputs)
    if len(shape) != 2:
        raise NasctlError(f"it reads a sequence (steps, features), but is given {shown_shape(shape)}")
    return shape


def _linear_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    if len(only(inputs)) != 1:
        raise NasctlError(f"it reads a vector, but is given {shown_shape(inputs[0])}")
    return (positive_integer(attributes, "units"),)


def _linear_cost(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    (features,), (units,) = inputs[0], output
    return Cost(
        params=(features + bool(attributes.get("bias"))) * units,
        flops=2 * features * units,
        depth=1,
    )


def _combined_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    if len(inputs) < 2:
        raise NasctlError("it needs at least two inputs")
    if len(set(inputs)) > 1:
        raise NasctlError(f"it cannot combine {' and '.join(map(shown_shape, inputs))}")
    return inputs[0]


def _combined_cost(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    return Cost(flops=(len(inputs) - 1) * prod(output))


def _same(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    return only(inputs)


def _free(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    return Cost()


# Applies `cell` to the steps of a sequence. `units` is the size of its states. An optional second input is the mask of
# the sequence.
recurrent = Op(
    "recurrent",
    shape=_recurrent_shape,
    cost=_recurrent_cost,
    label=lambda attributes: f"recurrent {attributes['units']}" if "units" in attributes else "recurrent",
    family="compute",
    lowering="nasctl.lowering.recurrent:Recurrent",
    channels="mixed",
    applies_graph=True,
    roles=("recurrent",),
)

# Which steps of a text or a series are its own: 1 for each of them, 0 for padding.
mask = Op(
    "mask",
    shape=_mask_shape,
    cost=_free,
    label=lambda attributes: "mask",
    family="source",
    lowering="nasctl.lowering.steps:Mask",
    roles=(),
)

# A matrix product and a bias at each step of a series: the input of recurrent layers.
project = Op(
    "project",
    shape=_project_shape,
    cost=lambda attributes, inputs, output: Cost(
        params=(inputs[0][-1] + 1) * output[-1], flops=2 * inputs[0][-1] * prod(output), depth=1
    ),
    label=lambda attributes: f"project {attributes['units']}" if "units" in attributes else "project",
    family="compute",
    lowering="nasctl.lowering.steps:Project",
    channels="mixed",
    roles=("projection",),
)

# The last step of a sequence: what a recurrent layer knows after it has read all steps.
last_step = Op(
    "last_step",
    shape=_last_step_shape,
    cost=_free,
    label=lambda attributes: "last step",
    family="pool",
    lowering="nasctl.lowering.steps:LastStep",
    channels="apart",
    keeps_zero=True,
    roles=(),
)

# The product of a matrix and a vector, plus a bias if the attribute `bias` is true. In a cell, `units` defaults to the
# units of the layer.
linear = Op(
    "linear",
    shape=_linear_shape,
    cost=_linear_cost,
    label=lambda attributes: "linear",
    family="compute",
    lowering="nasctl.lowering.linear:Linear",
    channels="mixed",
    roles=(),
)

elem_mult = Op(
    "elem_mult",
    shape=_combined_shape,
    cost=_combined_cost,
    label=lambda attributes: "×",
    family="join",
    lowering="nasctl.lowering.activations:ElemMult",
    unordered=True,
    roles=("combination",),
)

max_ = Op(
    "max",
    shape=_combined_shape,
    cost=_combined_cost,
    label=lambda attributes: "max",
    family="join",
    lowering="nasctl.lowering.activations:Max",
    unordered=True,
    keeps_zero=True,
    roles=("combination",),
)

# 1 - x, the complement of a gate.
complement = Op(
    "complement",
    shape=_same,
    cost=_free,
    label=lambda attributes: "1 −",
    family="compute",
    lowering="nasctl.lowering.activations:Complement",
    channels="apart",
    roles=(),
)

tanh = Op(
    "tanh",
    shape=_same,
    cost=_free,
    label=lambda attributes: "tanh",
    family="activate",
    lowering="nasctl.lowering.activations:Tanh",
    channels="apart",
    keeps_zero=True,
)

sigmoid = Op(
    "sigmoid",
    shape=_same,
    cost=_free,
    label=lambda attributes: "sigmoid",
    family="activate",
    lowering="nasctl.lowering.activations:Sigmoid",
    channels="apart",
)

sin = Op(
    "sin",
    shape=_same,
    cost=_free,
    label=lambda attributes: "sin",
    family="activate",
    lowering="nasctl.lowering.activations:Sin",
    channels="apart",
    keeps_zero=True,
    roles=("activation",),
)
