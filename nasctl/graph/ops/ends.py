"""The ops at the beginning and the end of a network, which are bound to the task (`nasctl.graph.bind`)."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import only, positive_integer, shown_shape

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def _input_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    shape = attributes.get("shape")
    if not isinstance(shape, tuple):
        raise NasctlError("its shape is not known", hint="bind the graph to a task first")
    return shape  # type: ignore[return-value]


def _dense_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    *steps, _ = only(inputs)
    if len(steps) > 1:
        raise NasctlError(
            f"it reads a vector or a sequence of vectors, but is given {shown_shape(inputs[0])}",
            hint="put a global_average_pool before it",
        )
    return *steps, positive_integer(attributes, "units")


def _dense_label(attributes: Attributes) -> str:
    return f"dense {attributes['units']}" if "units" in attributes else "dense"


input_ = Op(
    "input",
    shape=_input_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "input",
    family="source",
    lowering="nasctl.lowering.elementwise:Identity",
    roles=(),
)

# A matrix product and a bias, applied to a vector or to each step of a sequence.
dense = Op(
    "dense",
    shape=_dense_shape,
    cost=lambda attributes, inputs, output: Cost(
        params=(inputs[0][-1] + 1) * output[-1], flops=2 * inputs[0][-1] * prod(output), depth=1
    ),
    label=_dense_label,
    family="output",
    lowering="nasctl.lowering.elementwise:Dense",
    channels="mixed",
    roles=(),
)
