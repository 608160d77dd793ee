"""Groups the nodes of a graph that are drawn as one block.

Nodes are grouped by the owner in their names: the owner of `layer3.conv` is `layer3`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nasctl.graph import Graph, Op

DETAILS = ("normalise", "activate")
"""Families of ops that are written in small type, in the block of the op that they precede or follow."""


def group_nodes(graph: Graph, ops: Sequence[Op]) -> list[tuple[int, ...]]:
    """Groups the nodes of a graph into blocks.

    A block is one of these:

    - A join together with all other nodes of its owner: the same op on each of its inputs, and details after
      it. Examples are a node of a tree cell and the poolings before a classifier.
    - Another op together with the details of its owner directly before and after it. An example is a
      convolution with its batch normalisation and activation.

    Args:
      graph: The graph.
      ops: The op of each node.

    Returns:
      For each block the indices of its nodes in order. Only the last node of a block is read from outside.
      Blocks are sorted by their last nodes.
    """
    readers = graph.consumers()
    owners: dict[str, list[int]] = {}
    for index, node in enumerate(graph.nodes):
        owners.setdefault(owner_of(node.name), []).append(index)
    whole = {
        members[-1]: tuple(members)
        for owner, members in owners.items()
        if owner and _is_joining_layer(graph, ops, members, readers)
    }
    inside = {index for members in whole.values() for index in members}
    groups: dict[int, tuple[int, ...]] = {}  # by last node
    for index, node in enumerate(graph.nodes):
        before = node.inputs[0] if len(set(node.inputs)) == 1 else -1
        if index in whole:
            groups[index] = whole[index]
        elif index in inside:
            continue
        elif before in groups and _continues(graph, ops, groups[before], index, readers):
            groups[index] = (*groups.pop(before), index)
        else:
            groups[index] = (index,)
    return [groups[last] for last in sorted(groups)]


def owner_of(name: str) -> str:
    """The owner of a node: its name up to the last dot, or an empty string if the name has no dot.

    >>> owner_of("stage1.cell2.conv"), owner_of("output")
    ('stage1.cell2', '')
    """
    return name.rpartition(".")[0]


def _is_joining_layer(
    graph: Graph, ops: Sequence[Op], members: Sequence[int], readers: Sequence[Sequence[int]]
) -> bool:
    """Whether the nodes of an owner are at most one op on each of several inputs, then a join, then details."""
    joins = [index for index in members if ops[index].family == "join"]
    if len(joins) != 1 or len(members) == 1:
        return False
    join = joins[0]
    before = [index for index in members if index < join]
    after = [index for index in members if index > join]
    labels = {ops[index].label(graph.nodes[index].attributes) for index in before}
    return (
        all(readers[index] == (join,) for index in before)
        and len(labels) <= 1
        and (not before or set(graph.nodes[join].inputs) == set(before))
        and all(ops[index].family in DETAILS for index in after)
        and all(readers[index] == (following,) for index, following in pairwise([join, *after]))
        and not any(index in graph.outputs for index in members[:-1])
    )


def _continues(
    graph: Graph, ops: Sequence[Op], group: Sequence[int], index: int, readers: Sequence[Sequence[int]]
) -> bool:
    """Whether a node is appended to the block that it reads.

    It is if both have the same owner, nothing else reads the block, and the result has at most one op that is
    not a detail.
    """
    before = group[-1]
    families = [ops[member].family for member in (*group, index)]
    return (
        readers[before] == (index,)
        and before not in graph.outputs
        and "join" not in families
        and owner_of(graph.nodes[before].name) == owner_of(graph.nodes[index].name) != ""
        and sum(family not in DETAILS for family in families) <= 1
    )
