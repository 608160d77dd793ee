"""The steps of a layer: which ops it applies, with the values of decisions left open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from nasctl.space import Choice


@dataclass(frozen=True)
class Ref:
    """The value of a decision of the layer.

    Attributes:
      decision: Its name without the name of the layer.
    """

    decision: str


Operand = Choice | Ref | tuple["Operand", ...]
"""The value of an attribute: a constant, the value of a decision, or a tuple of these."""


@dataclass(frozen=True)
class Apply:
    """Applies an op.

    Attributes:
      op: Name of the op in the registry.
      name: Name of the node without the name of the layer.
      attributes: Attributes of the node.
    """

    op: str
    name: str
    attributes: tuple[tuple[str, Operand], ...] = ()


@dataclass(frozen=True)
class Choose:
    """Takes the steps of one of several types.

    Attributes:
      decision: Name of the decision on the type.
      alternatives: The name and the steps of each type.
    """

    decision: str
    alternatives: tuple[tuple[str, tuple[Step, ...]], ...]


@dataclass(frozen=True)
class Loop:
    """Repeats some steps.

    Attributes:
      name: Part of the names of its nodes.
      count: Number of repetitions.
      dense: Whether each repetition reads the outputs of all earlier ones, concatenated, instead of the last only.
      body: The steps.
    """

    name: str
    count: Operand
    dense: bool
    body: tuple[Step, ...]


Step = Apply | Choose | Loop


def step_to_json(step: Step) -> dict[str, object]:
    """A step as JSON values; `step_from_json` is the inverse."""
    if isinstance(step, Apply):
        attributes = {key: _operand_to_json(operand) for key, operand in step.attributes}
        return {"op": step.op, "name": step.name, "attributes": attributes}
    if isinstance(step, Choose):
        # Pairs and not an object: the order of the alternatives is the order of the tokens.
        alternatives = [[name, [step_to_json(inner) for inner in body]] for name, body in step.alternatives]
        return {"choose": step.decision, "alternatives": alternatives}
    body = [step_to_json(inner) for inner in step.body]
    return {"repeat": _operand_to_json(step.count), "name": step.name, "dense": step.dense, "body": body}


def step_from_json(document: Mapping[str, Any]) -> Step:
    """The inverse of `step_to_json`."""
    if "op" in document:
        attributes = tuple((key, _operand_from_json(value)) for key, value in document["attributes"].items())
        return Apply(document["op"], document["name"], attributes)
    if "choose" in document:
        alternatives = tuple(
            (name, tuple(step_from_json(inner) for inner in body)) for name, body in document["alternatives"]
        )
        return Choose(document["choose"], alternatives)
    body = tuple(step_from_json(inner) for inner in document["body"])
    return Loop(document["name"], _operand_from_json(document["repeat"]), bool(document["dense"]), body)


def _operand_to_json(operand: Operand) -> object:
    if isinstance(operand, Ref):
        return {"decision": operand.decision}
    return [_operand_to_json(part) for part in operand] if isinstance(operand, tuple) else operand


def _operand_from_json(document: Any) -> Operand:
    if isinstance(document, Mapping):
        return Ref(document["decision"])
    return tuple(_operand_from_json(part) for part in document) if isinstance(document, list) else document
