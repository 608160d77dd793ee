"""The search for the string to try next: the most promising of a pool, and what can be climbed to from there.

Letters: N strings; T decisions.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

from nasctl.controllers.moves import Strings, keys

CLIMBS = 3
"""Rounds of climbing."""

CLIMBED = 3
"""Strings whose neighbours are looked at in a round."""


class Found(NamedTuple):
    """A string and how promising it is."""

    string: Int[np.ndarray, " T"]
    value: float


def climb(
    pool: Strings,
    taken: Container[bytes],
    value: Callable[[Strings], Float[np.ndarray, " N"]],
    neighbours: Callable[[Int[np.ndarray, " T"]], Strings],
) -> Found | None:
    """The most promising string that is not taken: of a pool, then of the neighbours of the best, while it helps.

    Args:
      pool: Strings to begin with.
      taken: Keys of strings that are out of the question; they are not climbed from either.
      value: How promising strings are.
      neighbours: The neighbours of a string.

    Returns:
      None if the whole pool is taken.
    """
    best: Found | None = None
    for _ in range(CLIMBS + 1):
        rows = {key: row for row, key in enumerate(keys(pool)) if key not in taken}
        if not rows:
            break
        pool = pool[list(rows.values())]
        values = value(pool)
        order = np.argsort(-values, kind="stable")[:CLIMBED]
        if best is not None and values[order[0]] <= best.value:
            break
        best = Found(pool[order[0]], float(values[order[0]]))
        pool = np.concatenate([neighbours(pool[index]) for index in order])
    return best
