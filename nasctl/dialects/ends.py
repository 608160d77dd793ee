"""What the networks of a space read and predict: facts of the space, or of its dialect where its spaces are alike."""

from __future__ import annotations

from nasctl.dialects.registry import dialect_named
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.space import Space, StatesEnds
from nasctl.target_kind import TargetKind

WHOLE = (TargetKind.CLASS, TargetKind.LABELS, TargetKind.NUMBERS)
"""The labels of an example as a whole, which the networks of most dialects can predict."""


def input_of(space: Space) -> InputKind:
    """The kind of input that the networks of a space read."""
    builder = space.graph_builder
    return builder.reads if isinstance(builder, StatesEnds) else InputKind(dialect_named(space.dialect).input)


def targets_of(space: Space) -> tuple[TargetKind, ...]:
    """The kinds of labels that the networks of a space can be trained on; none if it has no networks."""
    builder = space.graph_builder
    if isinstance(builder, StatesEnds):
        return builder.predicts
    return () if input_of(space) is InputKind.NONE else WHOLE


def typical_signature(space: Space) -> Signature | None:
    """The input and outputs for which costs are stated if no data set is named; None if there are no networks."""
    builder = space.graph_builder
    return builder.signature if isinstance(builder, StatesEnds) else dialect_named(space.dialect).signature
