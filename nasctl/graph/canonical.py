"""The canonical hash of a graph: networks are equal if their hashes are."""

from __future__ import annotations

import hashlib
from zlib import crc32

from nasctl.graph.graph import Attribute, Graph
from nasctl.graph.ops import op_named
from nasctl.graph.simplify import simplify


def canonical_hash(graph: Graph) -> str:
    """The canonical hash of a bound graph.

    Two networks count as equal if their normal forms (`simplify`) differ only in

    - the names of nodes;
    - the order of nodes that do not depend on each other;
    - the order of the inputs of `add`, and of `concat` if every op that reads its channels mixes them by its own
      weights. Another order then only permutes weights that are initialised and trained alike.

    Equal hashes mean equal networks, apart from collisions of SHA-256, because the hash covers the whole graph in an
    order that depends on its structure only. To find this order, nodes are coloured by their op, by what they read and
    by what reads them. Colours are refined until this distinguishes no more nodes. Then one of the nodes that share a
    colour gets a new colour, and the refinement continues. If such nodes are interchangeable, as twin layers are, any
    of them may be chosen.

    Args:
      graph: A bound graph.

    Returns:
      64 hexadecimal digits, which do not change between versions of nasctl.
    """
    entrances = [node.name for node in graph.nodes if node.op == "input"]
    graph = simplify(graph)
    labels = [f"{node.op}{_written(dict(node.attributes))}" for node in graph.nodes]
    if len(entrances) > 1:  # their names and order decide which data each receives
        for index, node in enumerate(graph.nodes):
            labels[index] += f"{entrances.index(node.name)}{node.name}" if node.op == "input" else ""
    free = _free_order(graph)
    order = _order(graph, labels, free)
    position_of = {index: number for number, index in enumerate(order)}
    lines = []
    for index in order:
        inputs = [position_of[source] for source in graph.nodes[index].inputs]
        lines.append(f"{labels[index]}{sorted(inputs) if free[index] else inputs}")
    lines.append(str([position_of[index] for index in graph.outputs]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _written(attribute: Attribute | dict[str, Attribute]) -> str:
    """The canonical text of an attribute. A graph is replaced by its hash."""
    if isinstance(attribute, Graph):
        return canonical_hash(attribute)
    if isinstance(attribute, dict):
        return ",".join(f"{name}={_written(attribute[name])}" for name in sorted(attribute)).join("{}")
    if isinstance(attribute, tuple):
        return ",".join(map(_written, attribute)).join("()")
    return repr(attribute)


def _free_order(graph: Graph) -> list[bool]:
    """For each node, whether the order of its inputs is irrelevant."""
    ops = [op_named(node.op) for node in graph.nodes]
    # For each node, whether all ops that read its output have weights that absorb the order of its channels.
    absorbed = [True] * len(ops)
    for index in graph.outputs:
        absorbed[index] = False
    for index in range(len(ops) - 1, -1, -1):
        channels = ops[index].channels
        if channels == "fixed" or (channels == "apart" and not absorbed[index]):
            for source in graph.nodes[index].inputs:
                absorbed[source] = False
    return [op.unordered and (op.channels == "fixed" or absorbed[index]) for index, op in enumerate(ops)]


def _order(graph: Graph, labels: list[str], free: list[bool]) -> list[int]:
    """Indices of the nodes in an order that depends on the structure of the graph only."""
    colours = [crc32(label.encode()) for label in labels]
    for position, index in enumerate(graph.outputs):
        colours[index] = crc32(b"%d of the outputs" % position, colours[index])
    colours = _distinguished(graph, colours, free)
    while len(set(colours)) < len(colours):
        alike = min(colour for colour in colours if colours.count(colour) > 1)
        colours[colours.index(alike)] += 1 << 32
        colours = _distinguished(graph, colours, free)
    return sorted(range(len(colours)), key=colours.__getitem__)


def _distinguished(graph: Graph, colours: list[int], free: list[bool]) -> list[int]:
    """Refines colours until another pass distinguishes no more nodes."""
    while True:
        refined = _refined(graph, colours, free)
        if len(set(refined)) <= len(set(colours)) or len(set(refined)) == len(refined):
            return refined
        colours = refined


def _refined(graph: Graph, colours: list[int], free: list[bool]) -> list[int]:
    """Adds to the colours what each node reads, in a forward pass, and what reads it, in a backward pass."""
    seen: list[int] = []
    for index, node in enumerate(graph.nodes):
        sources = [seen[source] for source in node.inputs]
        if free[index]:
            sources.sort()
        seen.append(crc32(repr((colours[index], sources)).encode()))
    readers: list[list[tuple[int, int]]] = [[] for _ in graph.nodes]
    for index in range(len(graph.nodes) - 1, -1, -1):
        seen[index] = crc32(repr((seen[index], sorted(readers[index]))).encode())
        for position, source in enumerate(graph.nodes[index].inputs):
            readers[source].append((seen[index], 0 if free[index] else position))
    return seen
