"""What a drawing shows of a Graph: blocks, each one or several nodes, and the edges between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasctl.errors import NasctlError
from nasctl.graph import Graph, Op, Shape, infer_shapes, node_cost, op_named
from nasctl.render.document import is_bound
from nasctl.render.grouping import DETAILS, group_nodes, owner_of


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
      nodes: Indices of its nodes in the graph, the last of which gives the block's value; none for a block that
        stands for an output.
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
        return self.family == "join" and len(self.nodes) == 1

    @property
    def is_output(self) -> bool:
        """Whether it is no op but the mark of an output."""
        return not self.nodes


@dataclass(frozen=True)
class Repeat:
    """Blocks that the network has several times in a row, of which the diagram shows the first.

    Attributes:
      first, last: The blocks that are repeated, from and to; the last alone is read from outside.
      times: How often the network has them.
      name: What the names of the blocks begin with, the dot included: `stage1.cell1.`; empty if they differ.
      until: The same of the last of those that are left out.
    """

    first: int
    last: int
    times: int
    name: str = ""
    until: str = ""

    @property
    def blocks(self) -> range:
        """Indices of the blocks that are repeated."""
        return range(self.first, self.last + 1)


@dataclass(frozen=True)
class Diagram:
    """A graph as it is drawn.

    Attributes:
      blocks: In topological order.
      edges: Pairs of block indices (from, to), each once, sorted by where they lead.
      repeats: What is drawn once and stands for several.
      bodies: Diagrams of the graphs that nodes apply, each with its title; equal graphs once.
    """

    blocks: tuple[Block, ...]
    edges: tuple[tuple[int, int], ...]
    repeats: tuple[Repeat, ...] = ()
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
            blocks.append(Block(name, "output", (Line(name),), ()))
    ordered = sorted(edges, key=lambda edge: (edge[1], edge[0]))
    return Diagram(tuple(blocks), tuple(ordered), bodies=_bodies(graph))


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
        lines=_lines(graph, ops, group),
        nodes=tuple(group),
        shape=shapes[group[-1]] if shapes is not None else None,
        params=params,
    )


def _name(graph: Graph, group: Sequence[int]) -> str:
    """The owner of a block's nodes; the name of its last node where it is alone or where the owner is a node."""
    last = graph.nodes[group[-1]].name
    owner = owner_of(last)
    return last if len(group) == 1 or any(node.name == owner for node in graph.nodes) else owner


def _lines(graph: Graph, ops: Sequence[Op], group: Sequence[int]) -> tuple[Line, ...]:
    """The labels of a block's nodes; an op that is applied to each input of a join stands before it once."""
    labels = [
        graph.nodes[index].name
        if graph.nodes[index].op == "input"
        else ops[index].label(graph.nodes[index].attributes)
        for index in group
    ]
    families = [ops[index].family for index in group]
    if len(group) > 1 and "join" in families:
        join = families.index("join")
        each = [Line(f"{labels[0]} of each", detail=True)] if join else []
        return (*each, Line(labels[join]), *(Line(label, detail=True) for label in labels[join + 1 :]))
    only_details = all(family in DETAILS for family in families)
    return tuple(
        Line(label, detail=family in DETAILS and not (only_details and number == 0))
        for number, (label, family) in enumerate(zip(labels, families, strict=True))
    )


def _named(blocks: list[Block]) -> list[Block]:
    """Names the blocks that are alone in what they belong to by that: `layer3` and not `layer3.conv`."""
    layers = Counter(owner_of(block.name) or block.name for block in blocks if not block.is_join)
    return [
        replace(block, name=owner)
        if (owner := owner_of(block.name)) and layers[owner] == 1 and not block.is_join
        else block
        for block in blocks
    ]


def _output_names(graph: Graph) -> list[str]:
    """What several outputs are called: by the states that they renew, where they do, or by number."""
    states = [
        node.name for node in graph.nodes if node.op == "input" and node.attributes.get("slot", "x") != "x"
    ]
    if len(states) == len(graph.outputs):
        return [f"new {state}" for state in states]
    return [f"output {number}" for number in range(1, len(graph.outputs) + 1)]


def _shapes(graph: Graph) -> tuple[Shape, ...] | None:
    """The shapes of all nodes, or None where the graph is not bound."""
    try:
        return infer_shapes(graph) if is_bound(graph) else None
    except NasctlError:
        return None  # a body whose sizes are those of the layer that applies it


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
    return tuple((" and ".join(titles), diagram_of(body)) for body, titles in bodies)
