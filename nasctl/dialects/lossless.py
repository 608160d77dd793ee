"""Reads a space from its JSON form, for tools that do not parse `.nas` files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nasctl.dialects.registry import dialect_named
from nasctl.errors import NasctlError
from nasctl.space import AnchorPoint, Clause, Constraint, Decision, Schedule, Space


def space_from_json(document: Mapping[str, Any]) -> Space:
    """The inverse of `Space.to_json`.

    Args:
      document: The JSON form of a space.

    Returns:
      A space of the same hash, with an empty `source`.

    Raises:
      NasctlError: The document is not the JSON form of a space, or its dialect is not installed.
    """
    try:
        dialect = dialect_named(str(document["dialect"]))
        schedule = document["schedule"]
        return Space(
            name=str(document["name"]),
            dialect=dialect.name,
            decisions=tuple(_decision(item) for item in document["decisions"]),
            graph_builder=dialect.graph_builder_from_json(document["program"]),
            anchors=tuple(
                AnchorPoint(item["name"], item["label"], int(item["at"]), tuple(item["sources"]))
                for item in document["anchors"]
            ),
            schedule=Schedule(int(schedule["decision"]), int(schedule["every"])) if schedule else None,
            constraints=tuple(
                Constraint(item["measure"], item["relation"], float(item["bound"]))
                for item in document["constraints"]
            ),
            defaults={section: dict(keys) for section, keys in document["defaults"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise NasctlError(
            f"this is not the JSON form of a space: {error!r}",
            hint="`nasctl describe SPACE --json` writes it",
        ) from error


def _decision(item: Mapping[str, Any]) -> Decision:
    when = tuple(Clause(int(clause["decision"]), tuple(clause["tokens"])) for clause in item["when"])
    return Decision(item["name"], item["kind"], tuple(item["choices"]), when)
