"""Creates the Flax module of a node. Every such module class has the constructor that `Stateless` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from typing import Any

from flax import nnx

from nasctl.errors import NasctlError
from nasctl.foreign_text import message_of
from nasctl.graph import Attribute, Node, Op, Shape, op_named


class Stateless(nnx.Module):
    """Base class of modules that hold neither parameters nor attributes of the node."""

    def __init__(
        self,
        attributes: Mapping[str, Attribute],
        input_shapes: Sequence[Shape],
        output_shape: Shape,
        *,
        rngs: nnx.Rngs,
    ) -> None:
        """Ignores its arguments.

        Args:
          attributes: The attributes of the node.
          input_shapes: The shape of each input, without the axis of the examples.
          output_shape: The shape of the output, without the axis of the examples.
          rngs: The random streams from which parameters are drawn.
        """


def make_module(node: Node, input_shapes: Sequence[Shape], output_shape: Shape, *, rngs: nnx.Rngs) -> Any:
    """Creates the module that computes a node, with freshly drawn parameters.

    Args:
      node: The node.
      input_shapes: The shape of each input, without the axis of the examples.
      output_shape: The shape of the output, without the axis of the examples.
      rngs: The random streams from which parameters are drawn.

    Raises:
      NasctlError: The module's class cannot be imported, for example because a dependency of a plug-in is missing.
    """
    return _module_class(op_named(node.op))(node.attributes, input_shapes, output_shape, rngs=rngs)


@cache
def _module_class(op: Op) -> Any:
    package, _, name = op.lowering.partition(":")
    try:
        return getattr(import_module(package), name)
    except (ImportError, AttributeError) as error:
        raise NasctlError(
            f"cannot import the Flax module {op.lowering} of the op `{op.name}`: {message_of(error)}"
        ) from error
