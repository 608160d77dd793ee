"""Infers the shapes of the outputs of all nodes."""

from __future__ import annotations

from collections.abc import Sequence

from nasctl.errors import NasctlError
from nasctl.graph.graph import Graph, Node, Shape
from nasctl.graph.ops import op_named


def infer_shapes(graph: Graph) -> tuple[Shape, ...]:
    """The shape of the output of each node for one example.

    Args:
      graph: A bound graph.

    Returns:
      The shapes, in the order of the nodes.

    Raises:
      NasctlError: The attributes or inputs of a node are wrong. The message begins with the name of the node.
    """
    shapes: list[Shape] = []
    for node in graph.nodes:
        try:
            shapes.append(node_shape(node, [shapes[index] for index in node.inputs]))
        except NasctlError as error:
            raise NasctlError(f"{node.name}: {error.message}", hint=error.hint) from error
    return tuple(shapes)


def node_shape(node: Node, inputs: Sequence[Shape]) -> Shape:
    """The shape of the output of one node for one example.

    Args:
      node: A bound node.
      inputs: Shapes of its inputs.

    Raises:
      NasctlError: Its attributes or inputs are wrong.
    """
    op = op_named(node.op)
    measure = (infer_shapes,) if op.applies_graph else ()
    return op.shape(node.attributes, inputs, *measure)
