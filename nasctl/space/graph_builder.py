"""What a dialect gives a space beside its decisions: how decided values become a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nasctl.space.decision import Decision, Value

if TYPE_CHECKING:
    from nasctl.graph import Graph
    from nasctl.graph.tree_cell import TreeOps


class GraphBuilder(Protocol):
    """Decodes the values of one architecture; the dialect's part of a space, opaque to everything else.

    Graph builders are immutable and compare by value.
    """

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network that the values stand for.

        Args:
          values: `Space.values` of a valid token string: active decisions only, anchors as tuples of labels.

        Raises:
          NasctlError: The dialect has no networks (plain choices).
        """
        ...

    def to_json(self) -> dict[str, object]:
        """Everything that `graph` depends on, as JSON values: part of the space's hash and of its lossless form."""
        ...


@runtime_checkable
class BuildsTrees(Protocol):
    """A graph builder whose networks may differ in their tree cells only. Other graph builders leave this out."""

    def tree_ops(self, decisions: Sequence[Decision]) -> TreeOps | None:
        """The ops that the tree cells of a space are made of.

        Args:
          decisions: Those of the space.

        Returns:
          The ops, where the networks of the space differ in nothing but their tree cells, so that all of them can be
          trained by one compiled program; None where they differ in more.
        """
        ...
