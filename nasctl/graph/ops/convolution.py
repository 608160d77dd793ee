"""Convolutions of maps, with SAME padding and without bias, which batch norm provides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import height_and_width, only_map, positive_integer

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def strided(size: int, stride: int) -> int:
    """Number of window positions along an axis with SAME padding: ceil(size / stride)."""
    return -(-size // stride)


def shown_window(attributes: Attributes) -> str:
    """Kernel and stride as drawings write them: `3×5`, or `3×5/2×1` if the stride is not 1."""
    height, width = height_and_width(attributes, "kernel")
    stride = height_and_width(attributes, "stride")
    return f"{height}×{width}" + (f"/{stride[0]}×{stride[1]}" if stride != (1, 1) else "")


def _shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    height, width, _ = only_map(inputs)
    height_and_width(attributes, "kernel")
    down, across = height_and_width(attributes, "stride")
    return strided(height, down), strided(width, across), positive_integer(attributes, "filters")


def _cost(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    height, width = height_and_width(attributes, "kernel")
    params = height * width * inputs[0][2] * output[2]
    return Cost(params, 2 * params * output[0] * output[1], depth=1)


def _separable_cost(attributes: Attributes, inputs: Sequence[Shape], output: Shape) -> Cost:
    height, width = height_and_width(attributes, "kernel")
    channels, positions = inputs[0][2], output[0] * output[1]
    params = height * width * channels + channels * output[2]
    return Cost(params, 2 * params * positions, activation_bytes=4 * positions * channels, depth=1)


conv2d = Op(
    "conv2d",
    shape=_shape,
    cost=_cost,
    label=lambda attributes: f"conv {shown_window(attributes)}, {positive_integer(attributes, 'filters')}",
    family="compute",
    lowering="nasctl.lowering.spatial:Conv2d",
    channels="mixed",
    keeps_zero=True,
)

# One filter for each channel, with the stride, followed directly by a 1×1 convolution.
separable_conv2d = Op(
    "separable_conv2d",
    shape=_shape,
    cost=_separable_cost,
    label=lambda attributes: (
        f"separable {shown_window(attributes)}, {positive_integer(attributes, 'filters')}"
    ),
    family="compute",
    lowering="nasctl.lowering.spatial:SeparableConv2d",
    channels="mixed",
    keeps_zero=True,
)
