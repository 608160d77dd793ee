"""The static cost of a network: parameters, FLOPs, memory of activations, and depth. No network is built."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from nasctl.graph.graph import Graph, Node, Shape
from nasctl.graph.ops import Cost, op_named
from nasctl.graph.shapes import infer_shapes
from nasctl.graph.simplify import simplify

__all__ = ["Cost", "measure_cost"]


def measure_cost(graph: Graph) -> Cost:
    """The cost of a network.

    Args:
      graph: A bound graph. Nodes that a built network does not have are not counted (`simplify`).

    Raises:
      NasctlError: The inputs of a node have the wrong shapes.
    """
    graph = simplify(graph)
    shapes = infer_shapes(graph)
    params = flops = activation_bytes = 0
    depths: list[int] = []
    for node, shape in zip(graph.nodes, shapes, strict=True):
        cost = node_cost(node, [shapes[index] for index in node.inputs], shape)
        params += cost.params
        flops += cost.flops
        activation_bytes += cost.activation_bytes + 4 * prod(shape)
        depths.append(cost.depth + max((depths[index] for index in node.inputs), default=0))
    return Cost(params, flops, activation_bytes, max(depths[index] for index in graph.outputs))


def node_cost(node: Node, inputs: Sequence[Shape], output: Shape) -> Cost:
    """The cost of one bound node. Its `activation_bytes` exclude the node's output.

    Args:
      node: A bound node.
      inputs: Shapes of its inputs.
      output: Shape of its output.
    """
    op = op_named(node.op)
    measure = (measure_cost,) if op.applies_graph else ()
    return op.cost(node.attributes, inputs, output, *measure)
