"""The content of a drawing: blocks, each of one or more nodes of a Graph, and the edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasctl.errors import NasctlError
from nasctl.foreign_text import shortened, visible
from nasctl.graph import Graph, Op, Shape, infer_shapes, node_cost, op_named
from nasctl.render.document import is_bound
from nasctl.render.grouping import DETAILS, group_nodes, owner_of

LONGEST_TEXT = 160
"""Number of characters of a name or a label in a drawing."""


@dataclass(frozen=True)
class Label:
    """One line of text in a block.

    Attributes:
      text: The text.
      detail: Whether it is written in small type.
    """

    text: str
    detail: bool = False


@dataclass(frozen=True)
class Block:
    """One box of a drawing.

    Attributes:
      name: The common owner of its nodes, such as `layer3`.
      family: Family of its main op (`Op.family`), which determines its colour.
      labels: The labels of its ops, in the order in which they are applied.
      nodes: Indices of its nodes in the graph. The value of the last node is that of the block. A block that
        marks an output has no nodes.
      shape: Shape of its value; None if the graph is not bound.
      params: Number of its parameters; None if the graph is not bound.
    """

    name: str
    family: str
    labels: tuple[Label, ...]
    nodes: tuple[int, ...]
    shape: Shape | None = None
    params: int | None = None

    @property
    def is_join(self) -> bool:
        """Whether the block only joins its inputs."""
        return self.family == "join" and len(self.nodes) == 1

    @property
    def is_output(self) -> bool:
        """Whether the block marks an output instead of containing ops."""
        return not self.nodes


@dataclass(frozen=True)
class RepeatedSection:
    """A sequence of equal sections of a network, of which the diagram contains only the first.

    Attributes:
      first: Index of the first block of the section.
      last: Index of its last block, the only one that is read from outside the section.
      times: Number of sections in the network.
      prefix: Common prefix of the names of the blocks in the section, with its final dot, such as
        `stage1.cell1.`; empty if there is none.
      last_prefix: The same prefix in the last section.
    """

    first: int
    last: int
    times: int
    prefix: str = ""
    last_prefix: str = ""

    @property
    def blocks(self) -> range:
        """Indices of the blocks of the section."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Diagram:
    """The blocks and edges of a drawing.

    Attributes:
      blocks: The blocks, in topological order.
      edges: Pairs of block indices (source, target), without duplicates, sorted by target, then by source.
      repeats: The sections that stand for several equal ones.
      bodies: Titles and diagrams of the graphs that nodes apply, such as recurrent cells. Equal graphs share a
        diagram.
    """

    blocks: tuple[Block, ...]
    edges: tuple[tuple[int, int], ...]
    repeats: tuple[RepeatedSection, ...] = ()
    bodies: tuple[tuple[str, Diagram], ...] = ()

    def sources(self, block: int) -> list[int]:
        """Indices of the blocks that a block reads."""
        return [source for source, target in self.edges if target == block]


def drawable(text: str) -> str:
    """A text as drawings show it: without control characters, and not longer than `LONGEST_TEXT`."""
    return shortened(visible(text), LONGEST_TEXT)


def diagram_of(graph: Graph) -> Diagram:
    """Groups the nodes of a graph into blocks.

    Args:
      graph: The graph. Shapes and parameters are included if it is bound.
    """
    ops = [op_named(node.op) for node in graph.nodes]
    groups = group_nodes(graph, ops)
    shapes = _shapes(graph)
    blocks = _named([_block(graph, ops, group, shapes) for group in groups])
    block_of = {node: index for index, group in enumerate(groups) for node in group}
    edges = {
        (block_of[source], index)
        for index, group in enumerate(groups)
        for node in group
        for source in graph.nodes[node].inputs
        if block_of[source] != index
    }
    if len(graph.outputs) > 1:
        for name, output in zip(_output_names(graph), graph.outputs, strict=True):
            edges.add((block_of[output], len(blocks)))
            blocks.append(Block(name, "output", (Label(name),), ()))
    ordered = sorted(edges, key=lambda edge: (edge[1], edge[0]))
    return Diagram(tuple(map(_drawable_block, blocks)), tuple(ordered), bodies=_bodies(graph))


def _drawable_block(block: Block) -> Block:
    labels = tuple(replace(label, text=drawable(label.text)) for label in block.labels)
    return replace(block, name=drawable(block.name), labels=labels)


def _block(graph: Graph, ops: Sequence[Op], group: Sequence[int], shapes: Sequence[Shape] | None) -> Block:
    nodes = [graph.nodes[index] for index in group]
    families = [ops[index].family for index in group]
    main = next((family for family in families if family not in DETAILS), families[0])
    params = None
    if shapes is not None:
        params = sum(
            node_cost(node, [shapes[source] for source in node.inputs], shapes[index]).params
            for index, node in zip(group, nodes, strict=True)
        )
    return Block(
        name=_name(graph, group),
        family=main,
        labels=_labels(graph, ops, group),
        nodes=tuple(group),
        shape=shapes[group[-1]] if shapes is not None else None,
        params=params,
    )


def _name(graph: Graph, group: Sequence[int]) -> str:
    """The name of a block: the owner of its nodes, or the name of its last node.

    The last node gives the name if it is the only node of the block, or if the owner is itself a node.
    """
    last = graph.nodes[group[-1]].name
    owner = owner_of(last)
    return last if len(group) == 1 or any(node.name == owner for node in graph.nodes) else owner


def _labels(graph: Graph, ops: Sequence[Op], group: Sequence[int]) -> tuple[Label, ...]:
    """The labels of the nodes of a block.

    In a block with a join, an op that is applied to each of its inputs is written once, before the join.
    """
    labels = [
        graph.nodes[index].name
        if graph.nodes[index].op == "input"
        else ops[index].label(graph.nodes[index].attributes)
        for index in group
    ]
    families = [ops[index].family for index in group]
    if len(group) > 1 and "join" in families:
        join = families.index("join")
        each = [Label(f"{labels[0]} of each", detail=True)] if join else []
        return (*each, Label(labels[join]), *(Label(label, detail=True) for label in labels[join + 1 :]))
    only_details = all(family in DETAILS for family in families)
    return tuple(
        Label(label, detail=family in DETAILS and not (only_details and number == 0))
        for number, (label, family) in enumerate(zip(labels, families, strict=True))
    )


def _named(blocks: list[Block]) -> list[Block]:
    """Shortens the name of a block to its owner if the owner has no other block: `layer3` instead of `layer3.conv`."""
    layers = Counter(owner_of(block.name) or block.name for block in blocks if not block.is_join)
    return [
        replace(block, name=owner)
        if (owner := owner_of(block.name)) and layers[owner] == 1 and not block.is_join
        else block
        for block in blocks
    ]


def _output_names(graph: Graph) -> list[str]:
    """The names of the outputs of a graph with several: `new h` if they update states, `output 1` otherwise."""
    states = [
        node.name for node in graph.nodes if node.op == "input" and node.attributes.get("slot", "x") != "x"
    ]
    if len(states) == len(graph.outputs):
        return [f"new {state}" for state in states]
    return [f"output {number}" for number in range(1, len(graph.outputs) + 1)]


def _shapes(graph: Graph) -> tuple[Shape, ...] | None:
    """The shapes of all nodes, or None if they are not known."""
    try:
        return infer_shapes(graph) if is_bound(graph) else None
    except NasctlError:
        return None  # the sizes of a body can depend on the layer that applies it


def _bodies(graph: Graph) -> tuple[tuple[str, Diagram], ...]:
    bodies: list[tuple[Graph, list[str]]] = []
    for node in graph.nodes:
        for attribute, value in node.attributes.items():
            if not isinstance(value, Graph):
                continue
            title = f"{attribute} of {node.name}"
            known = next((titles for body, titles in bodies if body == value), None)
            if known is None:
                bodies.append((value, [title]))
            else:
                known.append(node.name)
    return tuple((drawable(" and ".join(titles)), diagram_of(body)) for body, titles in bodies)
