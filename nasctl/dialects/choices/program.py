"""The program of a space of plain choices: there is no network to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasctl.errors import NasctlError
from nasctl.graph import Graph
from nasctl.space import Value


@dataclass(frozen=True)
class ChoicesProgram:
    """Holds the place of a program; the values are all that an evaluator gets."""

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """Refuses.

        Raises:
          NasctlError: Always.
        """
        raise NasctlError(
            "a space of plain choices has no networks",
            hint="score its values with --evaluator MODULE:FUNCTION",
        )

    def to_json(self) -> dict[str, object]:
        """Nothing."""
        return {}


def program_from_json(document: Mapping[str, Any]) -> ChoicesProgram:
    """The inverse of `ChoicesProgram.to_json`."""
    return ChoicesProgram()
