"""Which nodes of a graph are drawn as one block: those that only make sense together.

Nodes belong together by their names: the owner of `layer3.conv` is `layer3`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from nasctl.graph import Graph, Op

DETAILS = ("normalise", "activate")
"""Families of the ops that are written small, beside the op that they follow or precede."""


def group_nodes(graph: Graph, ops: Sequence[Op]) -> list[tuple[int, ...]]:
    """The nodes of each block.

    One block are

    - a join with all else that its owner has: one and the same op on each of its inputs, and details after it, as
      the node of a tree cell or the poolings before a classifier;
    - an op of any other kind with the details of its owner that come right before or after it, as a convolution
      with its batch normalisation and its activation.

    Args:
      graph: The nodes.
      ops: The op of each node.

    Returns:
      For each block the indices of its nodes in order. The last of them gives its value, no other is read from
      outside; blocks are ordered by it.
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
    """What a node belongs to by its name; nothing if the name has no dot.

    >>> owner_of("stage1.cell2.conv"), owner_of("output")
    ('stage1.cell2', '')
    """
    return name.rpartition(".")[0]


def _is_joining_layer(
    graph: Graph, ops: Sequence[Op], members: Sequence[int], readers: Sequence[Sequence[int]]
) -> bool:
    """Whether all that an owner has is: the same op on each of several inputs, or nothing; a join; details."""
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
    """Whether a node belongs to the block that it reads: of one owner, and only one of them no detail."""
    before = group[-1]
    families = [ops[member].family for member in (*group, index)]
    return (
        readers[before] == (index,)
        and before not in graph.outputs
        and "join" not in families
        and owner_of(graph.nodes[before].name) == owner_of(graph.nodes[index].name) != ""
        and sum(family not in DETAILS for family in families) <= 1
    )
