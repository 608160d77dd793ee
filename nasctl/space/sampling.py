"""Uniform sampling of token strings: each active decision takes each of its choices with equal probability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from nasctl.space.decision import INACTIVE, Tokens

if TYPE_CHECKING:
    import numpy as np

    from nasctl.space.space import Space


def sample_uniform(space: Space, rng: np.random.Generator, forced: Mapping[int, int] | None = None) -> Tokens:
    """Draws one token string.

    Args:
      space: The space to draw from.
      rng: Source of randomness; the draw is a function of its state alone.
      forced: Tokens that are given (decision index → token), as by `Space.forced`.

    Returns:
      A valid token string: `Space.validate` accepts it.
    """
    forced = forced or {}
    tokens: list[int] = []
    for index, decision in enumerate(space.decisions):
        if not decision.active(tokens):
            tokens.append(INACTIVE)
        elif index in forced:
            tokens.append(forced[index])
        else:
            tokens.append(int(rng.integers(len(decision.choices))))
    return tuple(tokens)
