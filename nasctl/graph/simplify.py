"""The normal form of a graph, which is built, counted and hashed. Drawings show the graph itself."""

from __future__ import annotations

from dataclasses import replace

from nasctl.graph.graph import Graph, Node
from nasctl.graph.ops import op_named
from nasctl.graph.shapes import infer_shapes


def simplify(graph: Graph) -> Graph:
    """Removes nodes without effect on what the network computes and can learn.

    Identities and joins of one input are replaced by their inputs. Nodes whose output is always zero become `zero`
    nodes, and are removed from sums. Nodes that no output depends on are removed.

    Args:
      graph: A bound graph.

    Returns:
      An equivalent graph. Its nodes keep their order and their names.
    """
    return _without_dead(_without_idle(graph))


def _without_idle(graph: Graph) -> Graph:
    """Redirects readers of identities, of joins of one input, and of zeros."""
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
    """Removes the nodes that no output depends on."""
    alive = set(graph.outputs)
    for index in range(len(graph.nodes) - 1, -1, -1):
        if index in alive:
            alive.update(graph.nodes[index].inputs)
    if len(alive) == len(graph.nodes):
        return graph
    position_of = {old: new for new, old in enumerate(sorted(alive))}
    nodes = tuple(
        replace(graph.nodes[old], inputs=tuple(position_of[source] for source in graph.nodes[old].inputs))
        for old in position_of
    )
    return Graph(nodes, tuple(position_of[index] for index in graph.outputs))
