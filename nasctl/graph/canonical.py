"""The canonical hash: equal for graphs that are the same network."""

from __future__ import annotations

import hashlib
from zlib import crc32

from nasctl.graph.graph import Attribute, Graph
from nasctl.graph.ops import op_named
from nasctl.graph.simplify import simplify


def canonical_hash(graph: Graph) -> str:
    """Hash of a bound graph that is equal for equal networks: 64 hexadecimal digits, stable.

    Two networks are the same when their normal forms (`simplify`) differ only in names, in the order of nodes
    that do not depend on each other, and in the order of inputs that makes no difference: of `add`; and of
    `concat` where every reader of its channels mixes them by weights of its own, so that another order only
    permutes weights that are drawn and trained alike.

    The converse holds without exception: equal hashes are equal networks (collisions of SHA-256 aside), as
    what is hashed is the whole graph, written in an order that depends on its structure alone. To find that
    order nodes are coloured by what they are, what they read and what reads them until no more of them can be
    told apart; then one of those that are still alike is picked and set apart. Where nodes of one colour can
    be exchanged for each other, as twin layers can, it does not matter which.
    """
    entrances = [node.name for node in graph.nodes if node.op == "input"]
    graph = simplify(graph)
    labels = [f"{node.op}{_written(dict(node.attributes))}" for node in graph.nodes]
    if len(entrances) > 1:  # what each is fed depends on its name and its number
        for index, node in enumerate(graph.nodes):
            labels[index] += f"{entrances.index(node.name)}{node.name}" if node.op == "input" else ""
    free = _free_order(graph)
    order = _order(graph, labels, free)
    place = {index: number for number, index in enumerate(order)}
    lines = []
    for index in order:
        inputs = [place[source] for source in graph.nodes[index].inputs]
        lines.append(f"{labels[index]}{sorted(inputs) if free[index] else inputs}")
    lines.append(str([place[index] for index in graph.outputs]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _written(attribute: Attribute | dict[str, Attribute]) -> str:
    """An attribute in one way of writing; of a graph, its hash."""
    if isinstance(attribute, Graph):
        return canonical_hash(attribute)
    if isinstance(attribute, dict):
        return ",".join(f"{name}={_written(attribute[name])}" for name in sorted(attribute)).join("{}")
    if isinstance(attribute, tuple):
        return ",".join(map(_written, attribute)).join("()")
    return repr(attribute)


def _free_order(graph: Graph) -> list[bool]:
    """For each node whether the order of its inputs makes no difference."""
    ops = [op_named(node.op) for node in graph.nodes]
    absorbed = [True] * len(
        ops
    )  # whether an order of the channels of its output is absorbed by all that read it
    for index in graph.outputs:
        absorbed[index] = False
    for index in range(len(ops) - 1, -1, -1):
        channels = ops[index].channels
        if channels == "fixed" or (channels == "apart" and not absorbed[index]):
            for source in graph.nodes[index].inputs:
                absorbed[source] = False
    return [op.unordered and (op.channels == "fixed" or absorbed[index]) for index, op in enumerate(ops)]


def _order(graph: Graph, labels: list[str], free: list[bool]) -> list[int]:
    """Indices of the nodes in an order that only the graph's structure decides."""
    colours = [crc32(label.encode()) for label in labels]
    for position, index in enumerate(graph.outputs):
        colours[index] = crc32(b"%d of the outputs" % position, colours[index])
    colours = _told_apart(graph, colours, free)
    while len(set(colours)) < len(colours):
        alike = min(colour for colour in colours if colours.count(colour) > 1)
        colours[colours.index(alike)] += 1 << 32
        colours = _told_apart(graph, colours, free)
    return sorted(range(len(colours)), key=colours.__getitem__)


def _told_apart(graph: Graph, colours: list[int], free: list[bool]) -> list[int]:
    """Colours that also tell what a node reads and what reads it, refined until they tell no more apart."""
    while True:
        refined = _refined(graph, colours, free)
        if len(set(refined)) <= len(set(colours)) or len(set(refined)) == len(refined):
            return refined
        colours = refined


def _refined(graph: Graph, colours: list[int], free: list[bool]) -> list[int]:
    """One pass forward, in which a node sees what it reads, and one back, in which it sees what reads it."""
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
