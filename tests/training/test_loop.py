"""The training loop, on epochs whose results are given."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from nasctl.errors import NotFinite
from nasctl.tasks import SupervisedTask
from nasctl.training.loop import ChildProgress, EpochResult, run_epochs
from nasctl.training.programs import TrainState
from nasctl.training.weights import Weights


def result(accuracy: float, loss: float = 1.0) -> EpochResult:
    return loss, {"loss": loss, "accuracy": accuracy}


def run(
    task: SupervisedTask, epochs: Sequence[Sequence[EpochResult]], **options
) -> tuple[list[ChildProgress], int]:
    """The progress of children whose epochs have these results, and how many epochs were run."""
    numbers = []

    def run_epoch(
        state: TrainState, epoch: int, rates: np.ndarray
    ) -> tuple[TrainState, Sequence[EpochResult]]:
        numbers.append(epoch)
        return TrainState(Weights(epoch, None), None), epochs[epoch - 1]

    rates = np.zeros((len(epochs), 1), np.float32)
    state = TrainState(Weights(0, None), None)
    return run_epochs(run_epoch, state, rates, task, count=len(epochs[0]), **options), len(numbers)


def test_each_child_keeps_the_weights_of_its_own_best_epoch(blobs: SupervisedTask) -> None:
    (one, other), _ = run(
        blobs, [(result(0.5), result(0.9)), (result(0.8), result(0.7)), (result(0.8), result(0.1))]
    )
    assert (one.best_epoch, one.best_weights.parameters) == (2, 2)
    assert (other.best_epoch, other.best_weights.parameters) == (1, 1)
    assert [metrics["validation_accuracy"] for metrics in other.history] == [0.9, 0.7, 0.1]
    assert [metrics["reward"] for metrics in one.history] == [0.5**3, 0.8**3, 0.8**3]


@pytest.mark.parametrize("bad", [result(0.9, math.nan), result(0.9, math.inf), (1.0, {"loss": math.nan})])
def test_a_child_whose_loss_is_not_finite_fails_and_the_others_go_on(
    blobs: SupervisedTask, bad: EpochResult
) -> None:
    seen = []
    (one, other), epochs = run(
        blobs,
        [(result(0.5), result(0.5)), (bad, result(0.6)), (result(0.9), result(0.7))],
        on_epoch=lambda index, metrics: seen.append((index, metrics["epoch"])),
    )
    assert isinstance(one.failure, NotFinite) and "NaN or infinite in epoch 2" in str(one.failure)
    assert len(one.history) == 1
    assert other.failure is None and other.best_epoch == epochs == 3
    assert seen == [(0, 1), (1, 1), (1, 2), (1, 3)]


def test_the_loop_ends_when_all_children_have_stopped(blobs: SupervisedTask) -> None:
    (one, other), epochs = run(
        blobs,
        [(result(0.5), result(0.6)), (result(0.5), result(0.6)), (result(0.9), result(0.9))],
        rungs={1: 0.55**3, 2: 0.9**3},
    )
    assert (len(one.history), len(other.history), epochs) == (1, 2, 2)
    assert one.failure is other.failure is None
