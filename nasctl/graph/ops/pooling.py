"""Pooling of maps, with the window positions of convolutions. Positions outside the map are ignored."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING

from nasctl.graph.ops.convolution import shown_window, strided
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import height_and_width, only_map

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def _shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    height, width, channels = only_map(inputs)
    height_and_width(attributes, "kernel")
    down, across = height_and_width(attributes, "stride")
    return strided(height, down), strided(width, across), channels


def _average_cost(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    return Cost(flops=prod(height_and_width(attributes, "kernel")) * prod(output))


max_pool = Op(
    "max_pool",
    shape=_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: f"max pool {shown_window(attributes)}",
    family="pool",
    lowering="nasctl.lowering.spatial:MaxPool",
    channels="apart",
    keeps_zero=True,
)

average_pool = Op(
    "average_pool",
    shape=_shape,
    cost=_average_cost,
    label=lambda attributes: f"average pool {shown_window(attributes)}",
    family="pool",
    lowering="nasctl.lowering.spatial:AveragePool",
    channels="apart",
    keeps_zero=True,
)

global_average_pool = Op(
    "global_average_pool",
    shape=lambda attributes, inputs: (only_map(inputs)[2],),
    cost=lambda attributes, inputs, output: Cost(flops=prod(inputs[0])),
    label=lambda attributes: "global average",
    family="pool",
    lowering="nasctl.lowering.spatial:GlobalAveragePool",
    channels="apart",
    keeps_zero=True,
    roles=(),
)
