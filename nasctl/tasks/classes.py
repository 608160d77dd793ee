"""The target of classification: one class of several for each example."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int

from nasctl.metrics import ACCURACY, AUROC, BALANCED_ACCURACY, LOG_LOSS, MACRO_F1, TOP_5, Metric
from nasctl.target_kind import TargetKind
from nasctl.tasks.class_metrics import (
    auroc_of_classes,
    confusion_matrix,
    f1_scores,
    mean_of_known,
    recalls,
    top_share,
)
from nasctl.tasks.cross_entropy import cross_entropy
from nasctl.tasks.target import LAST_EPOCHS, Averages


@dataclass(frozen=True)
class Classes:
    """A `Target` of K classes.

    Letters: N examples.

    Attributes:
      count: K.
      weights: The weight of each class in the training loss; empty if all have the same.
    """

    count: int
    weights: tuple[float, ...] = ()
    kind: TargetKind = TargetKind.CLASS
    measures: tuple[str, ...] = ("loss", "accuracy")
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The accuracy first; the top-5 accuracy only for more than five classes."""
        top = (TOP_5,) if self.count > 5 else ()
        return (ACCURACY, BALANCED_ACCURACY, AUROC, MACRO_F1, *top, LOG_LOSS)

    @property
    def constants(self) -> str:
        """The weights."""
        return repr(self.weights)

    def measure(self, logits: Float[Array, "N K"], labels: Int[Array, " N"]) -> dict[str, Float[Array, " N"]]:
        """The cross-entropy in nats, and an accuracy of 1 where the most probable class is the label, else 0."""
        return {
            "loss": cross_entropy(logits, labels),
            "accuracy": (jnp.argmax(logits, -1) == labels).astype(jnp.float32),
        }

    def training_loss(self, logits: Float[Array, "N K"], labels: Int[Array, " N"]) -> Float[Array, " N"]:
        """The cross-entropy, times the weight of the class if the classes are weighted."""
        loss = cross_entropy(logits, labels)
        return loss * jnp.array(self.weights, jnp.float32)[labels] if self.weights else loss

    def balanced(self, labels: np.ndarray) -> Classes:
        """A class with n of N training examples gets the weight N / (K·n), where K counts the classes with examples."""
        counts = np.bincount(labels, minlength=self.count)
        weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        return replace(self, weights=tuple(weights.tolist()))

    def summary(
        self, averages: Averages, outputs: np.ndarray | None, labels: np.ndarray | None
    ) -> dict[str, float]:
        """The averages, and the metrics that are computed from logits (N, K) and classes (N,) of a split.

        The balanced accuracy and the AUROC are means over the classes that have examples in the split, the F1 score
        over those that have examples or are predicted. The AUROC is left out if all examples have the same class.
        """
        reported = dict(averages)
        if outputs is not None and labels is not None:
            with np.errstate(
                all="ignore"
            ):  # the loss of a network that diverged is NaN; the training finds it
                reported |= self._of_split(outputs, labels)
        return {**reported, "log_loss": averages["loss"]}

    def _of_split(self, outputs: np.ndarray, labels: np.ndarray) -> dict[str, float]:
        confusion = confusion_matrix(labels, outputs.argmax(1), self.count)
        values = {
            "balanced_accuracy": mean_of_known(recalls(confusion)),
            "auroc": auroc_of_classes(outputs, labels),
            "macro_f1": mean_of_known(f1_scores(confusion)),
        }
        if self.count > 5:
            values["top_5"] = top_share(outputs, labels, 5)
        return {name: value for name, value in values.items() if not math.isnan(value)}

    def reward(self, history: Sequence[Averages]) -> float:
        """The cube of the largest accuracy of the last 5 epochs (Zoph & Le 2017, section 4.1)."""
        return max(metrics["accuracy"] for metrics in history[-LAST_EPOCHS:]) ** 3
