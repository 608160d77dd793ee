"""The layer types of the `cnn` dialect: their properties, and the attributes of ops that these become."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from nasctl.dialects.cnn.steps import Operand
from nasctl.graph import Op, Property


@dataclass(frozen=True)
class LayerType:
    """One type of layer.

    Attributes:
      op: Name of its op.
      properties: Its properties, by name.
      attributes: Maps the operands of the properties to the attributes of the op.
    """

    op: str
    properties: Mapping[str, Property] = field(default_factory=dict)
    attributes: Callable[[Mapping[str, Operand]], tuple[tuple[str, Operand], ...]] = lambda given: tuple(
        given.items()
    )

    def missing(self, given: Collection[str]) -> list[str]:
        """The properties that must be given and are not. Either `size` or both `height` and `width` must be given."""
        missing = [
            name for name, known in self.properties.items() if known.default is None and name not in given
        ]
        sides = {"height", "width"}
        if "size" in given:
            missing = [name for name in missing if name not in sides]
        elif sides.intersection(given):
            missing = [name for name in missing if name != "size"]
        elif {"size", *sides} <= set(missing):
            missing = ["size", *(name for name in missing if name not in ("size", *sides))]
        return missing


def _both(operand: Operand) -> Operand:
    """The pair of height and width, which may be given as one value."""
    return operand if isinstance(operand, tuple) else (operand, operand)


def _kernel(given: Mapping[str, Operand]) -> Operand:
    return _both(given["size"]) if "size" in given else (given["height"], given["width"])


def _convolution(given: Mapping[str, Operand]) -> tuple[tuple[str, Operand], ...]:
    return (
        ("kernel", _kernel(given)),
        ("stride", _both(given.get("stride", 1))),
        ("filters", given["filters"]),
    )


def _pool(given: Mapping[str, Operand]) -> tuple[tuple[str, Operand], ...]:
    kernel = _kernel(given)
    return (("kernel", kernel), ("stride", _both(given.get("stride", kernel))))


def _attributes(
    properties: Mapping[str, Property],
) -> Callable[[Mapping[str, Operand]], tuple[tuple[str, Operand], ...]]:
    """The attributes of an op of another package: its properties, with their defaults."""

    def attributes(given: Mapping[str, Operand]) -> tuple[tuple[str, Operand], ...]:
        values = {
            name: given.get(name, known.default)
            for name, known in properties.items()
            if name in given or known.default is not None
        }
        return tuple(
            (name, _both(value) if properties[name].pair else value)
            for name, value in values.items()
            if value is not None
        )

    return attributes


_EXTENT = Property(high=1_000, default=None)
_SIZE = Property(high=1_000, pair=True, default=None)
_STRIDE = Property(high=1_000, pair=True)
_WINDOW = {"size": _SIZE, "height": _EXTENT, "width": _EXTENT, "stride": _STRIDE}
_FILTERS = Property(default=None)

LAYER_TYPES: Mapping[str, LayerType] = {
    "conv": LayerType("conv2d", {**_WINDOW, "filters": _FILTERS}, _convolution),
    "separable_conv": LayerType("separable_conv2d", {**_WINDOW, "filters": _FILTERS}, _convolution),
    "max_pool": LayerType("max_pool", _WINDOW, _pool),
    "average_pool": LayerType("average_pool", _WINDOW, _pool),
    "batch_norm": LayerType("batch_norm"),
    "relu": LayerType("relu"),
    "tanh": LayerType("tanh"),
    "sigmoid": LayerType("sigmoid"),
    "dropout": LayerType("dropout", {"rate": Property(low=0, high=0.99, whole=False, default=None)}),
    "identity": LayerType("identity"),
    "zero": LayerType("zero"),
}
"""The types of nasctl. Every op of another package that is a layer is a type under its own name."""


def layer_type(name: str) -> LayerType | None:
    """The layer type of a name, or None if there is none."""
    if name in LAYER_TYPES:
        return LAYER_TYPES[name]
    op = _plugged().get(name)
    return LayerType(name, op.properties, _attributes(op.properties)) if op else None


def layer_type_names() -> list[str]:
    """The names of all layer types."""
    return [*LAYER_TYPES, *_plugged()]


def _plugged() -> Mapping[str, Op]:
    from nasctl.graph import ops  # called only for unknown names, as it loads other packages

    own = {kind.op for kind in LAYER_TYPES.values()}
    return {name: op for name, op in ops().items() if "layer" in op.roles and name not in own}
