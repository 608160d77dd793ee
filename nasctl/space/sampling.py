"""Random sampling of token strings, in which the choices of a decision are equally probable."""

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
      rng: Source of randomness. The result depends on its state only.
      forced: Fixed tokens by the index of their decision, such as those of `Space.forced`.

    Returns:
      A valid token string.
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
