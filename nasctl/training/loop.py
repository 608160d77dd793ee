"""The training loop: one epoch after the other, for a single child and for a group of children alike."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from jaxtyping import Float, PyTree
from numpy import ndarray

from nasctl.errors import NotFinite
from nasctl.metrics import EpochMetrics
from nasctl.tasks import Metrics, Split, Task
from nasctl.training.programs import TrainState
from nasctl.training.weights import Weights

EpochResult = tuple[float, Metrics]
"""The mean training loss of an epoch, and `Task.summary` of the validation split after it."""

RunEpoch = Callable[[TrainState, int, Float[ndarray, " S"]], tuple[TrainState, Sequence[EpochResult]]]
"""Trains one epoch: takes the state, the number of the epoch from 1 and the learning rate of each step; returns the
next state and the result of each child."""

NOT_MEASURED = frozenset({"epoch", "reward", "seconds"})
"""The entries of `EpochMetrics` that are not measured on the weights."""


@dataclass(frozen=True, eq=False)
class TrainedChild:
    """A child after its training.

    Attributes:
      weights: The weights that validated best, on the device.
      history: The metrics of each epoch.
      best_epoch: The epoch, counted from 1, after which the child had `weights`.
      reward: `Task.reward` of the history.
      metrics: What was measured in the best epoch, and `seconds_prepare` and `seconds_train`.
      measure_split: Measures weights on a split, by the program that validated the child.
    """

    weights: Weights
    history: tuple[EpochMetrics, ...]
    best_epoch: int
    reward: float
    metrics: Mapping[str, float]
    measure_split: Callable[[Weights, Split], dict[str, float]]


class ChildProgress:
    """The progress of one child's training.

    Args:
      task: What the child learns.

    Attributes:
      history: The metrics of each epoch, up to the one in which the child stopped or failed.
      best_epoch: The epoch, counted from 1, with the largest `rank_of`; 0 before the first.
      best_weights: `TrainState.weights` after that epoch. They are not copied: an epoch does not write over the weights
        that it is given.
      failure: Why the training failed, if it did.
      stopped: Whether the child is not trained any further, because it failed or missed a rung.
    """

    def __init__(self, task: Task) -> None:
        self.history: list[EpochMetrics] = []
        self.best_epoch = 0
        self.best_weights: PyTree = None
        self.failure: NotFinite | None = None
        self.stopped = False
        self._task = task
        self._validation: list[Metrics] = []
        self._best_rank = (-math.inf, -math.inf)

    def add(self, epoch: int, result: EpochResult, weights: Weights, seconds: float) -> EpochMetrics | None:
        """Adds an epoch and returns its metrics, or None if one of them is NaN or infinite."""
        loss, validation = result
        if not all(map(math.isfinite, (loss, *validation.values()))):
            self.failure = NotFinite(
                f"the loss is NaN or infinite in epoch {epoch}",
                hint="a lower training.learning_rate may help",
            )
            self.stopped, self.best_weights = True, None
            return None
        self._validation.append(validation)
        metrics = {
            "epoch": epoch,
            "train_loss": loss,
            **{f"validation_{name}": value for name, value in validation.items()},
            "reward": self._task.reward(self._validation),
            "seconds": seconds,
        }
        self.history.append(metrics)
        rank = rank_of(validation, self._task)
        if not self.best_epoch or rank > self._best_rank:
            self.best_epoch, self.best_weights, self._best_rank = epoch, weights, rank
        return metrics

    def finish(
        self,
        weights: Weights,
        measure_split: Callable[[Weights, Split], dict[str, float]],
        times: Mapping[str, float],
    ) -> TrainedChild:
        """The trained child.

        Args:
          weights: The part of `best_weights` that belongs to this child.
          measure_split: As `TrainedChild.measure_split`.
          times: `seconds_prepare` and `seconds_train`.
        """
        best = self.history[self.best_epoch - 1]
        return TrainedChild(
            weights=weights,
            history=tuple(self.history),
            best_epoch=self.best_epoch,
            reward=self.history[-1]["reward"],
            metrics={**{name: value for name, value in best.items() if name not in NOT_MEASURED}, **times},
            measure_split=measure_split,
        )


def rank_of(summary: Metrics, task: Task) -> tuple[float, float]:
    """Orders the summaries of a split: by the task's main metric; the loss breaks ties."""
    main = task.metrics[0]
    return main.score(summary[main.name]), -summary["loss"]


def run_epochs(
    run_epoch: RunEpoch,
    state: TrainState,
    rates: Float[ndarray, "epochs S"],
    task: Task,
    *,
    count: int = 1,
    on_epoch: Callable[[int, EpochMetrics], None] | None = None,
    rungs: Mapping[int, float] | None = None,
) -> list[ChildProgress]:
    """Trains children that share a state, until the last epoch or until all of them have stopped.

    A single child is a group of one.

    Args:
      run_epoch: Trains one epoch.
      state: The state before the first epoch; the memory of its optimiser state is given to that epoch.
      rates: The learning rate of each step of each epoch.
      task: What the children learn.
      count: The number of children.
      on_epoch: Called after each epoch for each child that has not stopped, with the child's index and metrics; an
        exception that it raises ends the training.
      rungs: The smallest reward with which a child continues after an epoch, by the epoch.

    Returns:
      The progress of each child.
    """
    children = [ChildProgress(task) for _ in range(count)]
    for epoch, rates_of_epoch in enumerate(rates, start=1):
        started = time.perf_counter()
        state, results = run_epoch(state, epoch, rates_of_epoch)
        seconds = (time.perf_counter() - started) / count
        for index, (child, result) in enumerate(zip(children, results, strict=True)):
            if child.stopped:
                continue
            metrics = child.add(epoch, result, state.weights, seconds)
            if metrics is None:
                continue
            if on_epoch is not None:
                on_epoch(index, metrics)
            child.stopped = metrics["reward"] < (rungs or {}).get(epoch, -math.inf)
        if all(child.stopped for child in children):
            break
    return children
