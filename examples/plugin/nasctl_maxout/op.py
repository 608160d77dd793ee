"""The op `maxout`: each unit is the maximum of several products with the whole input."""

from collections.abc import Mapping, Sequence
from math import prod

from nasctl.errors import NasctlError
from nasctl.graph import Attribute, Cost, Op, Property, Shape


def _sizes(attributes: Mapping[str, Attribute]) -> tuple[int, int]:
    """Units and pieces."""
    units, pieces = attributes.get("units"), attributes.get("pieces")
    if not (isinstance(units, int) and isinstance(pieces, int) and units > 0 and pieces > 0):
        raise NasctlError(f"units and pieces must be positive whole numbers, not {units} and {pieces}")
    return units, pieces


def _shape(attributes: Mapping[str, Attribute], inputs: Sequence[Shape]) -> Shape:
    if len(inputs) != 1:
        raise NasctlError(f"it reads one input, but is given {len(inputs)}")
    units, _ = _sizes(attributes)
    return (units,)


def _cost(attributes: Mapping[str, Attribute], inputs: Sequence[Shape], output: Shape) -> Cost:
    units, pieces = _sizes(attributes)
    products = units * pieces
    return Cost(
        params=(prod(inputs[0]) + 1) * products,
        flops=2 * prod(inputs[0]) * products,
        activation_bytes=4 * products,
        depth=1,
    )


def _label(attributes: Mapping[str, Attribute]) -> str:
    units, pieces = _sizes(attributes)
    return f"maxout {units}, {pieces} pieces"


maxout = Op(
    "maxout",
    shape=_shape,
    cost=_cost,
    label=_label,
    family="compute",
    lowering="nasctl_maxout.lowering:Maxout",
    properties={"units": Property(default=None), "pieces": Property(high=100, default=2)},
)
