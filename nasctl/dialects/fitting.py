"""Finds the spaces that come with nasctl by what their networks read and predict."""

from __future__ import annotations

from nasctl.dialects.ends import input_of, targets_of
from nasctl.dialects.reading import load_space
from nasctl.input_kind import InputKind
from nasctl.resources import shipped_spaces
from nasctl.target_kind import TargetKind


def fitting_spaces(read: InputKind, target: TargetKind) -> tuple[str, ...]:
    """The names of the shipped spaces whose networks read and predict what a data set has.

    >>> fitting_spaces(InputKind.SERIES, TargetKind.NUMBERS)
    ('spaces/series_regression.nas',)
    """
    spaces = {name: load_space(name) for name in shipped_spaces()}
    return tuple(
        name for name, space in spaces.items() if input_of(space) is read and target in targets_of(space)
    )
