"""The graph of a tree cell (Zoph & Le 2017, section 3.4).

A tree of base B, a power of two, has the leaves 0 to B - 1 and the inner nodes B to 2 B - 2, level by level; node
2 B - 2 is the root. Every node combines two values and applies an activation: a leaf W x and U h, each leaf with
matrices of its own, an inner node its two children. The cell's state c is combined into one node after that
node's activation, followed by an activation of its own. The new h is the root's value, the new c the value that
one node has before its activation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from nasctl.graph import Graph, GraphWriter
from nasctl.space import Value


@dataclass(frozen=True)
class Tree:
    """What was decided about a tree cell, as its graph says.

    Attributes:
      combines: The combination of each node, leaves first, and last that of the injection.
      activations: The activations likewise.
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


def tree_size(base: int) -> int:
    """Number of nodes of a tree, leaves and inner nodes."""
    return 2 * base - 1


def children(base: int, node: int) -> tuple[int, int]:
    """The two nodes that an inner node combines.

    >>> [children(4, node) for node in (4, 5, 6)]
    [(0, 1), (2, 3), (4, 5)]
    """
    first = 2 * (node - base)
    return first, first + 1


def tree_cell(base: int, values: Mapping[str, Value]) -> Graph:
    """The graph of one step.

    Args:
      base: Number of leaves.
      values: What was decided: `nodeN.combine` and `nodeN.activation` of each node and `inject.combine` and
        `inject.activation` are names of ops, `cell_output` and `cell_inject` numbers of nodes.

    Returns:
      A cell for the op `recurrent`: inputs in the slots x, h and c, outputs the new h and c. The product with h
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
    """The inverse of `tree_cell`; None where the graph is of another kind of cell."""
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
