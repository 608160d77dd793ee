"""The graph builder of a space of plain choices, which has no networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasctl.errors import NasctlError
from nasctl.graph import Graph
from nasctl.space import Value


@dataclass(frozen=True)
class ChoicesGraphBuilder:
    """Refuses to build networks: an evaluator scores the values themselves."""

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """Raises an error.

        Raises:
          NasctlError: Always.
        """
        raise NasctlError(
            "a space of plain choices has no networks",
            hint="score its values with --evaluator MODULE:FUNCTION; `best/arch.json` of the run has the best ones",
        )

    def to_json(self) -> dict[str, object]:
        """An empty object."""
        return {}


def graph_builder_from_json(document: Mapping[str, Any]) -> ChoicesGraphBuilder:
    """The inverse of `ChoicesGraphBuilder.to_json`."""
    return ChoicesGraphBuilder()
