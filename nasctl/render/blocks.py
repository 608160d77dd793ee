"""What a drawing shows of a Graph: blocks, each one or several nodes, and the edges between them.

Nodes that only make sense together are one block: a convolution with the batch normalisation and the activation
that belong to it, or the poolings of several maps that are concatenated at once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasctl.errors import NasctlError
from nasctl.graph import Graph, Node, Op, Shape, infer_shapes, op_named

_DETAILS = ("normalise", "activate")
"""Families of the ops that are written small, with the op that they follow or precede."""


@dataclass(frozen=True)
class Line:
    """One line of text of a block.

    Attributes:
      text: What is written.
      detail: Whether it is written small.
    """

    text: str
    detail: bool = False


@dataclass(frozen=True)
class Block:
    """One box of a drawing.

    Attributes:
      name: What its nodes belong to: `layer3`.
      family: Family of its main op (`Op.family`), which decides the colour.
      lines: The labels of its ops, in the order in which they are applied.
      nodes: Indices of its nodes in the graph, the last of which gives the block's value.
      shape: Shape of its value; None where the graph is not bound.
      params: Number of parameters; None where the graph is not bound.
    """

    name: str
    family: str
    lines: tuple[Line, ...]
    nodes: tuple[int, ...]
    shape: Shape | None = None
    params: int | None = None

    @property
    def is_join(self) -> bool:
        """Whether it does nothing but join its inputs."""
        return self.family == "join"


@dataclass(frozen=True)
class Diagram:
    """A graph as it is drawn.

    Attributes:
      blocks: In topological order.
      edges: Pairs of block indices (from, to), each once, sorted by where they lead.
      outputs: Indices of the blocks whose values are the network's.
      bodies: Diagrams of the graphs that nodes apply, each with its title; equal graphs once.
    """

    blocks: tuple[Block, ...]
    edges: tuple[tuple[int, int], ...]
    outputs: tuple[int, ...]
    bodies: tuple[tuple[str, Diagram], ...] = ()

    def sources(self, block: int) -> list[int]:
        """Indices of the blocks that a block reads."""
        return [source for source, target in self.edges if target == block]


def diagram_of(graph: Graph) -> Diagram:
    """Groups the nodes of a graph into blocks.

    Args:
      graph: Bound or not; shapes and parameters are known of a bound one only.
    """
    ops = [op_named(node.op) for node in graph.nodes]
    groups = _groups(graph, ops)
    shapes = _shapes(graph)
    block_of = {node: index for index, group in enumerate(groups) for node in group}
    edges = {
        (block_of[source], index)
        for index, group in enumerate(groups)
        for node in group
        for source in graph.nodes[node].inputs
        if block_of[source] != index
    }
    return Diagram(
        blocks=_named(tuple(_block(graph, ops, group, shapes) for group in groups)),
        edges=tuple(sorted(edges, key=lambda edge: (edge[1], edge[0]))),
        outputs=tuple(dict.fromkeys(block_of[index] for index in graph.outputs)),
        bodies=_bodies(graph),
    )


def _groups(graph: Graph, ops: Sequence[Op]) -> list[list[int]]:
    """The nodes of each block, blocks ordered by their last node."""
    readers = graph.consumers()
    groups: dict[int, list[int]] = {}  # by last node
    for index, node in enumerate(graph.nodes):
        if node.op == "concat" and _pools_only(graph, ops, node, readers):
            members = [member for source in dict.fromkeys(node.inputs) for member in groups.pop(source)]
            groups[index] = [*members, index]
        elif _continues(graph, ops, index, readers, groups):
            groups[index] = [*groups.pop(node.inputs[0]), index]
        else:
            groups[index] = [index]
    return [groups[last] for last in sorted(groups)]


def _pools_only(graph: Graph, ops: Sequence[Op], node: Node, readers: Sequence[Sequence[int]]) -> bool:
    """Whether a concatenation joins what one and the same pooling makes of several maps, used nowhere else."""
    sources = [graph.nodes[index] for index in node.inputs]
    return (
        len(set(node.inputs)) > 1
        and all(ops[index].family == "pool" and len(readers[index]) == 1 for index in node.inputs)
        and not any(index in graph.outputs for index in node.inputs)
        and len({source.op for source in sources}) == 1
        and all(source.attributes == sources[0].attributes for source in sources)
    )


def _continues(
    graph: Graph,
    ops: Sequence[Op],
    index: int,
    readers: Sequence[Sequence[int]],
    groups: dict[int, list[int]],
) -> bool:
    """Whether a node belongs to the block of the node before it.

    It does in a chain inside one layer, as long as the block has at most one op that is not a detail.
    """
    node = graph.nodes[index]
    if len(set(node.inputs)) != 1:
        return False
    before = node.inputs[0]
    families = [ops[member].family for member in (*groups.get(before, ()), index)]
    return (
        before in groups
        and len(readers[before]) == 1
        and before not in graph.outputs
        and "join" not in families
        and _owner(graph.nodes[before]) == _owner(node) != ""
        and sum(family not in _DETAILS for family in families) <= 1
    )


def _owner(node: Node) -> str:
    """What a node belongs to: `layer3` of `layer3.conv`."""
    return node.name.rpartition(".")[0]


def _block(graph: Graph, ops: Sequence[Op], group: Sequence[int], shapes: Sequence[Shape] | None) -> Block:
    nodes = [graph.nodes[index] for index in group]
    families = [ops[index].family for index in group]
    main = next((family for family in families if family not in _DETAILS), families[0])
    labels = [ops[index].label(node.attributes) for index, node in zip(group, nodes, strict=True)]
    lines = [
        Line(label, detail=family in _DETAILS and family != main)
        for label, family in zip(labels, families, strict=True)
    ]
    if len(group) > 1 and families[-1] == "join":  # the same pooling of each input, then their join
        lines = [Line(f"{labels[0]} of each", detail=False), Line(labels[-1], detail=True)]
    params = None
    if shapes is not None:
        params = sum(
            ops[index].cost(node.attributes, [shapes[source] for source in node.inputs], shapes[index]).params
            for index, node in zip(group, nodes, strict=True)
        )
    alone = len(group) == 1 or families[-1] == "join"
    return Block(
        name=nodes[-1].name if alone else _owner(nodes[0]),
        family=main,
        lines=tuple(lines),
        nodes=tuple(group),
        shape=shapes[group[-1]] if shapes is not None else None,
        params=params,
    )


def _named(blocks: tuple[Block, ...]) -> tuple[Block, ...]:
    """Names the blocks that are alone in what they belong to by that: `layer3` and not `layer3.conv`."""
    layers = Counter(block.name.rpartition(".")[0] or block.name for block in blocks if not block.is_join)
    return tuple(
        replace(block, name=owner)
        if (owner := block.name.rpartition(".")[0]) and layers[owner] == 1 and not block.is_join
        else block
        for block in blocks
    )


def _shapes(graph: Graph) -> tuple[Shape, ...] | None:
    """The shapes of all nodes, or None where the graph is not bound."""
    if not all("shape" in node.attributes for node in graph.nodes if node.op == "input"):
        return None
    try:
        return infer_shapes(graph)
    except NasctlError:
        return None  # the body of a recurrent layer, say, whose inputs are known where it is applied only


def _bodies(graph: Graph) -> tuple[tuple[str, Diagram], ...]:
    bodies: list[tuple[Graph, list[str]]] = []
    for node in graph.nodes:
        for value in node.attributes.values():
            if not isinstance(value, Graph):
                continue
            titles = next((titles for body, titles in bodies if body == value), None)
            if titles is None:
                bodies.append((value, [node.name]))
            else:
                titles.append(node.name)
    return tuple((", ".join(titles), diagram_of(body)) for body, titles in bodies)
