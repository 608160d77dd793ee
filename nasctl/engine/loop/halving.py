"""Successive halving: which children are trained for further epochs.

Li et al. 2020, "A System for Massively Parallel Hyperparameter Tuning", in the variant that stops children and does not
pause them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from nasctl.executors import Rung
from nasctl.store import Trial


def rung_epochs(epochs: int, factor: int) -> tuple[int, ...]:
    """The epochs after which a child may be stopped: all epochs, divided by the factor repeatedly.

    >>> rung_epochs(9, 3), rung_epochs(20, 3), rung_epochs(5, 2), rung_epochs(2, 3)
    ((1, 3), (1, 3, 7), (1, 2, 3), (1,))
    """
    rungs: list[int] = []
    while epochs > 1:
        epochs = math.ceil(epochs / factor)
        rungs.insert(0, epochs)
    return tuple(rungs)


def rungs(epochs: int, factor: int, earlier: Iterable[Trial]) -> tuple[Rung, ...]:
    """The smallest reward with which a child passes each rung, from the trials before it.

    A child passes if its reward is among the best 1 / `factor` of those that reached the rung. Before `factor` children
    have reached it, every child passes.

    Args:
      epochs: Epochs of a complete training.
      factor: One child in `factor` passes; below 2, every child does.
      earlier: Trials that ended before the child was proposed.
    """
    if factor < 2:
        return ()
    histories = [trial.history for trial in earlier if trial.reused is None]
    rungs_of_child: list[Rung] = []
    for epoch in rung_epochs(epochs, factor):
        reached = sorted((h[epoch - 1]["reward"] for h in histories if len(h) >= epoch), reverse=True)
        if len(reached) >= factor:
            rungs_of_child.append(Rung(epoch, reached[len(reached) // factor - 1]))
    return tuple(rungs_of_child)
