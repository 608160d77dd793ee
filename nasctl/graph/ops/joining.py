"""Ops that join several inputs into one."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from nasctl.errors import NasctlError
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import shown_shape

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def _concat_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    if not inputs:
        raise NasctlError("it needs at least one input")
    if len({len(shape) for shape in inputs}) > 1:
        raise NasctlError(f"it cannot join {' and '.join(shown_shape(shape) for shape in inputs)}")
    largest = tuple(max(sizes) for sizes in zip(*(shape[:-1] for shape in inputs), strict=True))
    return (*largest, sum(shape[-1] for shape in inputs))


def _add_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    if not inputs:
        raise NasctlError("it needs at least one input")
    if len(set(inputs)) > 1:
        raise NasctlError(f"it cannot add {' and '.join(shown_shape(shape) for shape in inputs)}")
    return inputs[0]


# Concatenation in depth. Smaller maps are centred and padded with zeros to the height and width of the largest (Zoph &
# Le 2017, section 3.3). Of an odd number of rows or columns, the additional one is added below or on the right.
concat = Op(
    "concat",
    shape=_concat_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "concat",
    family="join",
    lowering="nasctl.lowering.joining:Concat",
    channels="apart",
    unordered=True,
    keeps_zero=True,
    roles=("join",),
)

add = Op(
    "add",
    shape=_add_shape,
    cost=lambda attributes, inputs, output: Cost(flops=(len(inputs) - 1) * prod(output)),
    label=lambda attributes: "add",
    family="join",
    lowering="nasctl.lowering.joining:Add",
    unordered=True,
    keeps_zero=True,
    roles=("combination", "join"),
)
