"""The template of a layer: its steps, and the decisions that they ask for, named within the layer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from nasctl.dialects.cnn.steps import Apply, Choose, Operand, Ref, Step
from nasctl.dialects.cnn.syntax import Skip
from nasctl.space import Choice

When = tuple[tuple[int, tuple[int, ...]], ...]
"""A condition: pairs of the index of a local decision and its tokens. It holds when each of these decisions took one
of its tokens."""


@dataclass(frozen=True)
class LocalDecision:
    """A decision of a template.

    Attributes:
      short: Its name if no other decision of the layer has it: `filters`.
      long: Its name otherwise: `conv2.filters`.
      choices: The choice set.
      when: When it is taken.
    """

    short: str
    long: str
    choices: tuple[Choice, ...]
    when: When


@dataclass(frozen=True)
class Template:
    """What a layer consists of.

    Attributes:
      steps: The steps. Their `Ref`s contain names of decisions.
      decisions: The decisions, in order.
      names: The names of the decisions within the layer.
      skip: The statement `skip anchors`, if the layer has one.
    """

    steps: tuple[Step, ...] = ()
    decisions: tuple[LocalDecision, ...] = ()
    names: tuple[str, ...] = ()
    skip: Skip | None = None


def make_template(steps: Sequence[Step], decisions: Sequence[LocalDecision], skip: Skip | None) -> Template:
    """Names the decisions of a layer.

    Args:
      steps: Steps whose `Ref`s contain the indices of decisions.
      decisions: The decisions of the layer.
      skip: The statement `skip anchors`, if the layer has one.
    """
    counts = Counter(decision.short for decision in decisions)
    names = tuple(item.short if counts[item.short] == 1 else item.long for item in decisions)
    return Template(tuple(_named(step, names) for step in steps), tuple(decisions), names, skip)


def _named(step: Step, names: Sequence[str]) -> Step:
    """The step with the name of each decision instead of its index."""
    if isinstance(step, Apply):
        attributes = tuple((key, _named_operand(value, names)) for key, value in step.attributes)
        return replace(step, attributes=attributes)
    if isinstance(step, Choose):
        alternatives = tuple(
            (name, tuple(_named(inner, names) for inner in body)) for name, body in step.alternatives
        )
        return Choose(names[int(step.decision)], alternatives)
    body = tuple(_named(inner, names) for inner in step.body)
    return replace(step, count=_named_operand(step.count, names), body=body)


def _named_operand(operand: Operand, names: Sequence[str]) -> Operand:
    if isinstance(operand, Ref):
        return Ref(names[int(operand.decision)])
    if isinstance(operand, tuple):
        return tuple(_named_operand(part, names) for part in operand)
    return operand
