"""The measures that a search needs: those of the constraints of its space and of the formula of its reward."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Iterator

from nasctl.errors import NasctlError
from nasctl.foreign_text import first_names
from nasctl.formula import measure_named, read_formula
from nasctl.metrics import METRICS
from nasctl.space import Space


def missing_measure(space: Space, reward: str, measured: Collection[str]) -> NasctlError | None:
    """The error for the first measure that a search needs and does not have; None if it has all.

    Args:
      space: The space, with its constraints.
      reward: The formula of the reward; empty if there is none.
      measured: The names of what is measured, without `reward`.
    """
    known = {*measured, "reward"}
    for name, needed_by in _needed(space, reward):
        if measure_named(name, known) is None:
            short = sorted({measure.removeprefix("validation_") for measure in known})
            close = difflib.get_close_matches(name, short, n=1)
            listed = f"the measures are {first_names(short, 40)}"
            return NasctlError(
                f"{needed_by} needs {name}, which is not measured",
                hint=f"did you mean `{close[0]}`? {listed}" if close else listed,
            )
    return None


def maximised_error(reward: str) -> NasctlError | None:
    """The error for a reward that is a measure of which smaller values are better, as the search maximises it.

    Args:
      reward: The formula of the reward; empty if there is none.
    """
    name = reward.strip()
    metric = METRICS.get(name.removeprefix("validation_"))
    if not (name in _LOSSES or (metric and not metric.larger_is_better)):
        return None
    return NasctlError(
        f"the search maximises its reward, and smaller values of {name} are better",
        hint=f"maximise -{name}, or 1 / (1 + {name}): --reward '1 / (1 + {name})'",
    )


_LOSSES = ("loss", "validation_loss", "train_loss")


def _needed(space: Space, reward: str) -> Iterator[tuple[str, str]]:
    for constraint in space.constraints:
        yield constraint.measure, f"`require {constraint}`"
    if reward:
        for name in sorted(read_formula(reward).names):
            yield name, f"the reward `{reward}`"
