"""The target of regression: one or several numbers for each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from nasctl.errors import NasctlError
from nasctl.metrics import MAE, R2, RMSE, Metric
from nasctl.target_kind import TargetKind
from nasctl.tasks.number_metrics import mae, r2, rmse
from nasctl.tasks.target import LAST_EPOCHS, Averages


@dataclass(frozen=True)
class Numbers:
    """A `Target` of K numbers. Networks predict them standardised, so that the units do not matter to the training.

    Letters: N examples.

    Attributes:
      mean: The mean of each number over the training examples.
      deviation: Its standard deviation.
    """

    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    kind: TargetKind = TargetKind.NUMBERS
    metrics: tuple[Metric, ...] = (R2, RMSE, MAE)
    measures: tuple[str, ...] = ("loss",)

    @property
    def constants(self) -> str:
        """The means and deviations."""
        return repr((self.mean, self.deviation))

    def measure(
        self, logits: Float[Array, "N K"], labels: Float[Array, "N K"]
    ) -> dict[str, Float[Array, " N"]]:
        """The squared error of the standardised numbers, as the mean over the numbers."""
        return {"loss": self.training_loss(logits, labels)}

    def training_loss(self, logits: Float[Array, "N K"], labels: Float[Array, "N K"]) -> Float[Array, " N"]:
        """The loss of `measure`."""
        mean, deviation = jnp.array(self.mean, jnp.float32), jnp.array(self.deviation, jnp.float32)
        return jnp.mean((logits - (labels - mean) / deviation) ** 2, -1)

    def balanced(self, labels: np.ndarray) -> Numbers:
        """Raises an error, as there are no classes."""
        raise NasctlError(
            "training.class_weights balanced needs classes, but numbers are predicted", hint="leave it out"
        )

    def in_units(self, outputs: np.ndarray) -> np.ndarray:
        """The numbers that outputs of a network stand for, (N, K) as float64, in the units of the data set."""
        numbers: np.ndarray = outputs.astype(np.float64) * self.deviation + self.mean
        return numbers

    def summary(
        self, averages: Averages, outputs: np.ndarray | None, labels: np.ndarray | None
    ) -> dict[str, float]:
        """The averages, and the metrics that are computed from outputs (N, K) and numbers (N, K) of a split.

        R², RMSE and MAE are means over the numbers; RMSE and MAE have the units of the data set.
        """
        reported = dict(averages)
        if outputs is not None and labels is not None:
            with np.errstate(
                all="ignore"
            ):  # the loss of a network that diverged is infinite; the training finds it
                predicted, numbers = self.in_units(outputs), labels.astype(np.float64)
                for name, metric in (("r2", r2), ("rmse", rmse), ("mae", mae)):
                    reported[name] = float(metric(predicted, numbers).mean())
        return reported

    def reward(self, history: Sequence[Averages]) -> float:
        """1 / (1 + e), where e is the smallest root of the loss in the last 5 epochs.

        e is the RMSE in standard deviations of the training numbers. So the reward does not depend on the units: it is
        1 for a perfect network, and one half for one that always predicts the mean.
        """
        return 1 / (1 + math.sqrt(min(metrics["loss"] for metrics in history[-LAST_EPOCHS:])))


def standardised(numbers: np.ndarray) -> Numbers:
    """The target of the numbers (N, K) of the training examples; a number that never varies has the deviation 1."""
    wide = numbers.astype(np.float64)
    mean, deviation = wide.mean(0), wide.std(0)
    deviation = np.where(deviation > 1e-9 * np.abs(mean), deviation, 1.0)
    # As float32, in which networks are trained
    means, deviations = (tuple(values.astype(np.float32).tolist()) for values in (mean, deviation))
    return Numbers(means, deviations)
