"""Tree cells (Zoph & Le 2017, section 3.4): the graph of one step, and what a graph says about its tree.

A tree of base B, a power of two, has the leaves 0 to B - 1 and the inner nodes B to 2 B - 2, level by level; node
2 B - 2 is the root. Every node combines two values and applies an activation: a leaf combines W x and U h, with
matrices of its own; an inner node combines its two children. The cell's state c is combined into one node after that
node's activation, and a further activation follows. The new h is the root's value. The new c is the value of one node
before its activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nasctl.graph.graph import Graph, GraphWriter


@dataclass(frozen=True)
class Tree:
    """The structure of a tree cell, read from its graph.

    Attributes:
      combines: The combination op of each node, leaves first, then that of the injection.
      activations: The activation op of each node, in the same order.
      cell_output: The node whose value before its activation is the new c.
      cell_inject: The node that c is injected into.
    """

    combines: tuple[str, ...]
    activations: tuple[str, ...]
    cell_output: int
    cell_inject: int

    @property
    def base(self) -> int:
        """Number of leaves."""
        return len(self.combines) // 2


@dataclass(frozen=True)
class TreeOps:
    """The ops that the tree cells of a space are made of.

    Attributes:
      combines: Every combination that a node may have.
      activations: Every activation that a node may have.
    """

    combines: tuple[str, ...]
    activations: tuple[str, ...]


def tree_size(base: int) -> int:
    """Number of nodes of a tree with `base` leaves."""
    return 2 * base - 1


def children(base: int, node: int) -> tuple[int, int]:
    """The two nodes that an inner node combines.

    >>> [children(4, node) for node in (4, 5, 6)]
    [(0, 1), (2, 3), (4, 5)]
    """
    first = 2 * (node - base)
    return first, first + 1


def tree_cell(base: int, values: Mapping[str, object]) -> Graph:
    """The graph of one step.

    Args:
      base: Number of leaves.
      values: By name: `nodeN.combine` and `nodeN.activation` of each node, `inject.combine` and `inject.activation`
        are names of ops; `cell_output` and `cell_inject` are numbers of nodes.

    Returns:
      A cell for the op `recurrent`, with inputs in the slots x, h and c and the outputs h and c. The product with h
      has a bias.
    """
    writer = GraphWriter()
    x, h, c = (writer.add("input", name=slot, slot=slot) for slot in ("x", "h", "c"))
    combined: list[int] = []  # by number of the node, before its activation
    activated: list[int] = []
    for node in range(tree_size(base)):
        name = f"node{node}"
        if node < base:
            pair = (
                writer.add("linear", [x], name=f"{name}.x"),
                writer.add("linear", [h], name=f"{name}.h", bias=True),
            )
        else:
            left, right = children(base, node)
            pair = activated[left], activated[right]
        combined.append(writer.add(str(values[f"{name}.combine"]), pair, name=f"{name}.combine"))
        value = writer.add(str(values[f"{name}.activation"]), [combined[-1]], name=f"{name}.activation")
        if node == values["cell_inject"]:
            injected = writer.add(str(values["inject.combine"]), [value, c], name="inject.combine")
            value = writer.add(str(values["inject.activation"]), [injected], name="inject.activation")
        activated.append(value)
    cell_output = values["cell_output"]
    assert isinstance(cell_output, int)
    return writer.finish([activated[-1], combined[cell_output]])


def read_tree(cell: Graph) -> Tree | None:
    """The tree of a cell that `tree_cell` made, or None for any other cell."""
    nodes = {node.name: node for node in cell.nodes}
    base = sum(node.op == "linear" and node.name.endswith(".x") for node in cell.nodes)
    names = [*(f"node{number}" for number in range(tree_size(base))), "inject"]
    if base < 1 or not all(f"{name}.combine" in nodes and f"{name}.activation" in nodes for name in names):
        return None
    injected = cell.nodes[nodes["inject.combine"].inputs[0]].name
    output = cell.nodes[cell.outputs[1]].name
    return Tree(
        combines=tuple(nodes[f"{name}.combine"].op for name in names),
        activations=tuple(nodes[f"{name}.activation"].op for name in names),
        cell_output=int(output.removeprefix("node").removesuffix(".combine")),
        cell_inject=int(injected.removeprefix("node").removesuffix(".activation")),
    )
