"""Ops with one input whose output has the same shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, cast

from nasctl.errors import NasctlError
from nasctl.graph.ops.op import Cost, Op
from nasctl.graph.ops.reading import only

if TYPE_CHECKING:
    from nasctl.graph.graph import Shape
    from nasctl.graph.ops.op import Attributes


def _same(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    return only(inputs)


def _zero_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    return cast("Shape", attributes.get("shape", only(inputs)))


def _rate(attributes: Attributes) -> float:
    rate = attributes.get("rate")
    if isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate < 1:
        raise NasctlError(f"rate must be the fraction that is dropped, from 0 to less than 1, not {rate}")
    return float(rate)


def _dropout_shape(attributes: Attributes, inputs: Sequence[Shape]) -> Shape:
    _rate(attributes)
    return only(inputs)


# Scales and shifts each channel. Training uses the mean and variance of the batch, evaluation their running averages
# (decay 0.9).
batch_norm = Op(
    "batch_norm",
    shape=_same,
    cost=lambda attributes, inputs, output: Cost(params=2 * output[-1], flops=2 * prod(output)),
    label=lambda attributes: "batch norm",
    family="normalise",
    lowering="nasctl.lowering.normalisation:BatchNorm",
    channels="apart",
)

relu = Op(
    "relu",
    shape=_same,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "relu",
    family="activate",
    lowering="nasctl.lowering.elementwise:Relu",
    channels="apart",
    keeps_zero=True,
)

dropout = Op(
    "dropout",
    shape=_dropout_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: f"dropout {_rate(attributes):g}",
    family="normalise",
    lowering="nasctl.lowering.elementwise:Dropout",
    channels="apart",
    keeps_zero=True,
)

identity = Op(
    "identity",
    shape=_same,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "identity",
    family="activate",
    lowering="nasctl.lowering.elementwise:Identity",
    channels="apart",
    keeps_zero=True,
)

# Zeros of the shape of its input, or of the attribute `shape`. A dialect uses it where two nodes are not connected.
zero = Op(
    "zero",
    shape=_zero_shape,
    cost=lambda attributes, inputs, output: Cost(),
    label=lambda attributes: "zero",
    family="activate",
    lowering="nasctl.lowering.elementwise:Zero",
    channels="apart",
    keeps_zero=True,
    roles=("layer",),
)
