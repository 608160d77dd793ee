"""What a dialect gives a space beside its decisions: how decided values become a network."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from nasctl.space.decision import Value

if TYPE_CHECKING:
    from nasctl.graph import Graph


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
