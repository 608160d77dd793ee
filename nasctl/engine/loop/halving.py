"""Cheap first: which children are worth their further epochs (successive halving; Li et al. 2020, "A System for
Massively Parallel Hyperparameter Tuning", in the variant that stops and does not pause)."""

from __future__ import annotations

import math
from collections.abc import Iterable

from nasctl.executors import Rung
from nasctl.store import Trial


def rung_epochs(epochs: int, factor: int) -> tuple[int, ...]:
    """The epochs after which a child may be stopped: the whole training, divided by the factor again and again.

    >>> rung_epochs(9, 3), rung_epochs(20, 3), rung_epochs(5, 2), rung_epochs(2, 3)
    ((1, 3), (1, 3, 7), (1, 2, 3), (1,))
    """
    rungs: list[int] = []
    while epochs > 1:
        epochs = math.ceil(epochs / factor)
        rungs.insert(0, epochs)
    return tuple(rungs)


def rungs(epochs: int, factor: int, earlier: Iterable[Trial]) -> tuple[Rung, ...]:
    """What a child must have reached at each rung, by the trials before it.

    It goes on if it is among the best of each `factor` that came to the rung. Where fewer than that did, all go on.

    Args:
      epochs: Epochs of a whole training.
      factor: The part that goes on is one in so many; below 2, all do.
      earlier: Trials that ended before the child was proposed.
    """
    if factor < 2:
        return ()
    histories = [trial.history for trial in earlier if trial.reused is None]
    found: list[Rung] = []
    for epoch in rung_epochs(epochs, factor):
        reached = sorted((h[epoch - 1]["reward"] for h in histories if len(h) >= epoch), reverse=True)
        if len(reached) >= factor:
            found.append(Rung(epoch, reached[len(reached) // factor - 1]))
    return tuple(found)
