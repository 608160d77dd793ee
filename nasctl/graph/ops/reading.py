"""Reads and checks the attributes and the input shapes of a node."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeGuard, cast

from nasctl.errors import NasctlError

if TYPE_CHECKING:
    from nasctl.graph.graph import Attribute, Shape
    from nasctl.graph.ops.op import Attributes


def positive_integer(attributes: Attributes, name: str) -> int:
    """Reads an attribute that is a positive whole number, such as the number of filters.

    Raises:
      NasctlError: The attribute is missing or has another value.
    """
    value = attributes.get(name)
    if not _is_positive(value):
        raise NasctlError(f"{name} must be a positive whole number, not {_shown(value)}")
    return value


def height_and_width(attributes: Attributes, name: str) -> tuple[int, int]:
    """Reads an attribute that is a height and a width, such as a stride.

    Raises:
      NasctlError: The attribute is missing or has another value.
    """
    value = attributes.get(name)
    if not (
        isinstance(value, tuple) and len(value) == 2 and _is_positive(value[0]) and _is_positive(value[1])
    ):
        raise NasctlError(
            f"{name} must be a height and a width, two positive whole numbers, not {_shown(value)}"
        )
    return cast("tuple[int, int]", value)


def only(inputs: Sequence[Shape]) -> Shape:
    """The shape of the only input.

    Raises:
      NasctlError: There is not exactly one input.
    """
    if len(inputs) != 1:
        raise NasctlError(f"it reads one input, but is given {len(inputs)}")
    return inputs[0]


def only_map(inputs: Sequence[Shape]) -> tuple[int, int, int]:
    """Height, width and channels of the only input.

    Raises:
      NasctlError: There is not exactly one input, or it is not a map.
    """
    shape = only(inputs)
    if len(shape) != 3:
        raise NasctlError(f"it reads a map (height, width, channels), but is given {shown_shape(shape)}")
    return shape


def shown_shape(shape: Shape) -> str:
    """A shape as messages write it: `8×8×24`."""
    return "×".join(str(size) for size in shape) or "a single number"


def _is_positive(value: Attribute | None) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _shown(value: Attribute | None) -> str:
    return "missing" if value is None else str(value)
