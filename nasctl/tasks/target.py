"""What the networks of a supervised task predict: the loss, the metrics and the reward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Shaped

from nasctl.metrics import Metric
from nasctl.target_kind import TargetKind

Averages = Mapping[str, float]

LAST_EPOCHS = 5
"""The number of last epochs whose metrics the reward uses (Zoph & Le 2017, section 4.1)."""


@runtime_checkable
class Target(Protocol):
    """What is predicted for an example: `Classes`, `Labels` or `Numbers`.

    Letters: N examples, K outputs of a network.
    """

    @property
    def kind(self) -> TargetKind:
        """The kind of the labels."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that `summary` reports where they are defined, the main one first."""
        ...

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of what `measure` returns."""
        ...

    @property
    def mean(self) -> tuple[float, ...]:
        """The mean of each number over the training examples; empty for other targets."""
        ...

    @property
    def deviation(self) -> tuple[float, ...]:
        """The standard deviation of each number over the training examples; empty for other targets."""
        ...

    @property
    def constants(self) -> str:
        """The constants of `measure` and `training_loss`, besides K."""
        ...

    def measure(
        self, logits: Float[Array, "N K"], labels: Shaped[Array, "N ..."]
    ) -> dict[str, Float[Array, " N"]]:
        """As `Task.measure`."""
        ...

    def training_loss(
        self, logits: Float[Array, "N K"], labels: Shaped[Array, "N ..."]
    ) -> Float[Array, " N"]:
        """As `Task.training_loss`."""
        ...

    def balanced(self, labels: np.ndarray) -> Target:
        """The same target, in whose training loss all classes have the same weight.

        Args:
          labels: The labels of the training examples.

        Raises:
          NasctlError: There are no classes.
        """
        ...

    def summary(
        self, averages: Averages, outputs: np.ndarray | None, labels: np.ndarray | None
    ) -> dict[str, float]:
        """As `Task.summary`."""
        ...

    def reward(self, history: Sequence[Averages]) -> float:
        """As `Task.reward`."""
        ...
