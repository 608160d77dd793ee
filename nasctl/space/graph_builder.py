"""The interface by which a space builds networks from the values of its decisions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from nasctl.input_kind import InputKind
from nasctl.space.decision import Decision, Value
from nasctl.target_kind import TargetKind

if TYPE_CHECKING:
    from nasctl.graph import Graph, Signature
    from nasctl.graph.tree_cell import TreeOps


@runtime_checkable
class GraphBuilder(Protocol):
    """Builds the network of an architecture. Each dialect has its own graph builder.

    Graph builders are immutable and compare by value.
    """

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network of an architecture, not yet bound to a task.

        Args:
          values: The values of a valid token string (`Space.values`): active decisions only, anchors as tuples of
            labels.

        Raises:
          NasctlError: The dialect has no networks (plain choices).
        """
        ...

    def to_json(self) -> dict[str, object]:
        """The graph builder as JSON values. They are part of the hash and of the JSON form of the space."""
        ...


@runtime_checkable
class BuildsTrees(Protocol):
    """A graph builder for spaces whose networks may differ in their tree cells only. This interface is optional."""

    def tree_ops(self, decisions: Sequence[Decision]) -> TreeOps | None:
        """The ops that the tree cells of a space are made of.

        Args:
          decisions: The decisions of the space.

        Returns:
          The ops if the networks of the space differ in their tree cells only, so that one compiled program can train
          all of them. Otherwise None.
        """
        ...


@runtime_checkable
class StatesEnds(Protocol):
    """A graph builder that states what its networks read and predict. This interface is optional.

    Dialects whose spaces differ in this implement it. The networks of other dialects read what `Dialect.input` states,
    and predict classes, labels or numbers.
    """

    @property
    def reads(self) -> InputKind:
        """What the networks read."""
        ...

    @property
    def predicts(self) -> tuple[TargetKind, ...]:
        """The kinds of labels that the networks can be trained on."""
        ...

    @property
    def signature(self) -> Signature:
        """The input and outputs for which costs are stated if no data set is named."""
        ...
