"""The normal form of a graph: what is built, counted and hashed. Drawings show it as it was written."""

from __future__ import annotations

from dataclasses import replace

from nasctl.graph.graph import Graph, Node
from nasctl.graph.ops import op_named
from nasctl.graph.shapes import infer_shapes


def simplify(graph: Graph) -> Graph:
    """Leaves out the nodes that do nothing, without a change to what the network computes or can learn.

    Identities and joins of one input are what they read. What is zero everywhere becomes a `zero` node of its
    own shape, and a sum does without it. Nodes that no output depends on are dropped.

    Args:
      graph: A bound graph.

    Returns:
      An equal network with at most as many nodes, in the same order, under their own names.
    """
    return _without_dead(_without_idle(graph))


def _without_idle(graph: Graph) -> Graph:
    """Points readers past identities, single joins and zeros."""
    shapes = infer_shapes(graph) if any(node.op == "zero" for node in graph.nodes) else ()
    nodes: list[Node] = []
    stands_for = list(range(len(graph.nodes)))
    zeros: set[int] = set()
    source = next((index for index, node in enumerate(graph.nodes) if node.op == "input"), 0)
    for index, node in enumerate(graph.nodes):
        inputs = tuple(stands_for[source] for source in node.inputs)
        if zeros and node.op == "add":
            inputs = tuple(source for source in inputs if source not in zeros) or inputs[:1]
        if node.op == "identity" or (len(inputs) == 1 and "join" in op_named(node.op).roles):
            stands_for[index] = inputs[0]
        elif node.op == "zero" or (zeros.issuperset(inputs) and inputs and op_named(node.op).keeps_zero):
            zeros.add(index)
            node = Node("zero", node.name, (min(source, inputs[0]),), {"shape": shapes[index]})
        elif inputs != node.inputs:
            node = replace(node, inputs=inputs)
        nodes.append(node)
    return Graph(tuple(nodes), tuple(stands_for[index] for index in graph.outputs))


def _without_dead(graph: Graph) -> Graph:
    """Drops what no output depends on."""
    alive = set(graph.outputs)
    for index in range(len(graph.nodes) - 1, -1, -1):
        if index in alive:
            alive.update(graph.nodes[index].inputs)
    if len(alive) == len(graph.nodes):
        return graph
    place = {old: new for new, old in enumerate(sorted(alive))}
    nodes = tuple(
        replace(graph.nodes[old], inputs=tuple(place[source] for source in graph.nodes[old].inputs))
        for old in place
    )
    return Graph(nodes, tuple(place[index] for index in graph.outputs))
