"""Binds a graph to a task: fills in the sizes that the task fixes."""

from __future__ import annotations

from dataclasses import replace

from nasctl.errors import NasctlError
from nasctl.graph.graph import Graph, Node, Shape, Signature
from nasctl.graph.ops import op_named
from nasctl.graph.ops.reading import shown_shape
from nasctl.graph.shapes import infer_shapes
from nasctl.graph.sizing import fit_units


def bind(graph: Graph, signature: Signature) -> Graph:
    """Fills in the sizes that the task fixes.

    These are the shape of `input` nodes, the vocabulary of embeddings, and the units of the `dense` node that ends the
    network. Nodes that state a number of parameters then get their units (`fit_units`).

    Args:
      graph: A network that a graph builder made. Sizes that it states must agree with the task.
      signature: Shape of one example and number of outputs.

    Returns:
      The graph with all attributes. All of its shapes are consistent.

    Raises:
      NasctlError: The inputs of a node have the wrong shapes, or the network does not fit the task.
    """
    ends = set(graph.outputs)
    nodes = list(graph.nodes)
    for index, node in enumerate(nodes):
        if node.op == "input":
            nodes[index] = _filled(node, "shape", signature.input_shape)
        elif node.op == "dense" and index in ends:
            nodes[index] = _filled(node, "units", signature.outputs)
        elif "embedding" in op_named(node.op).roles:
            nodes[index] = _filled(node, "vocabulary", signature.vocabulary or signature.outputs)
    bound = fit_units(replace(graph, nodes=tuple(nodes)))
    shapes = infer_shapes(bound)
    for index in graph.outputs:
        if shapes[index][-1] != signature.outputs:
            raise NasctlError(
                f"{nodes[index].name}: the network ends in {shown_shape(shapes[index])}, "
                f"but the task has {signature.outputs} outputs",
                hint="end it in a dense layer, which takes its size from the task",
            )
    return bound


def _filled(node: Node, name: str, value: int | Shape) -> Node:
    if node.attributes.get(name, value) != value:
        raise NasctlError(f"{node.name}: its {name} is {node.attributes[name]}, but the task's is {value}")
    return replace(node, attributes={**node.attributes, name: value})
