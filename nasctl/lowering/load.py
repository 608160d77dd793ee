"""Makes the Flax module of a node."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from typing import Any

from flax import nnx

from nasctl.errors import NasctlError
from nasctl.graph import Node, Op, Shape, op_named


def make_module(node: Node, input_shapes: Sequence[Shape], output_shape: Shape, *, rngs: nnx.Rngs) -> Any:
    """The module that lowers a node, with freshly drawn parameters.

    Raises:
      NasctlError: Its class cannot be imported, as when the package of a plug-in lacks a dependency.
    """
    return _module_class(op_named(node.op))(node.attributes, input_shapes, output_shape, rngs=rngs)


@cache
def _module_class(op: Op) -> Any:
    package, _, name = op.lowering.partition(":")
    try:
        return getattr(import_module(package), name)
    except (ImportError, AttributeError) as error:
        raise NasctlError(f"the op `{op.name}` has no Flax module {op.lowering}: {error}") from error
