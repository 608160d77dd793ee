"""Binds a graph to a task and infers the shape of every node's output."""

from __future__ import annotations

from dataclasses import replace

from nasctl.errors import NasctlError
from nasctl.graph.graph import Graph, Node, Shape, Signature
from nasctl.graph.ops import op_named
from nasctl.graph.ops.reading import shown_shape


def bind(graph: Graph, signature: Signature) -> Graph:
    """Fills in what the task fixes: the shape of `input` nodes, the units of the `dense` node that ends the
    network.

    Args:
      graph: A network as a dialect decodes it. What it fixes itself must agree with the task.
      signature: Shape of one example and number of outputs.

    Returns:
      The graph with every attribute known; all shapes fit.

    Raises:
      NasctlError: A node's inputs do not fit it, or the network does not fit the task.
    """
    ends = set(graph.outputs)
    nodes = list(graph.nodes)
    for index, node in enumerate(nodes):
        if node.op == "input":
            nodes[index] = _filled(node, "shape", signature.input_shape)
        elif node.op == "dense" and index in ends:
            nodes[index] = _filled(node, "units", signature.outputs)
    bound = replace(graph, nodes=tuple(nodes))
    shapes = infer_shapes(bound)
    for index in graph.outputs:
        if shapes[index][-1] != signature.outputs:
            raise NasctlError(
                f"{nodes[index].name}: the network ends in {shown_shape(shapes[index])}, "
                f"but the task has {signature.outputs} outputs",
                hint="end it in a dense layer, which takes its size from the task",
            )
    return bound


def infer_shapes(graph: Graph) -> tuple[Shape, ...]:
    """The shape of each node's output for one example, in the order of the nodes of a bound graph.

    Raises:
      NasctlError: A node's attributes or inputs do not fit it; the message begins with its name.
    """
    shapes: list[Shape] = []
    for node in graph.nodes:
        try:
            shapes.append(op_named(node.op).shape(node.attributes, [shapes[index] for index in node.inputs]))
        except NasctlError as error:
            raise NasctlError(f"{node.name}: {error.message}", hint=error.hint) from error
    return tuple(shapes)


def _filled(node: Node, name: str, value: int | Shape) -> Node:
    if node.attributes.get(name, value) != value:
        raise NasctlError(f"{node.name}: its {name} is {node.attributes[name]}, but the task's is {value}")
    return replace(node, attributes={**node.attributes, name: value})
