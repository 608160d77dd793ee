"""The target of multi-label classification: any number of labels for each example."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Shaped

from nasctl.errors import NasctlError
from nasctl.metrics import AUROC, LOG_LOSS, MACRO_F1, Metric
from nasctl.target_kind import TargetKind
from nasctl.tasks.class_metrics import auroc_of_labels, f1_of_labels, mean_of_known
from nasctl.tasks.target import LAST_EPOCHS, Averages


@dataclass(frozen=True)
class Labels:
    """A `Target` of K labels, each of which applies or does not. Its outputs are the log-odds of each label.

    Letters: N examples.

    Attributes:
      count: K.
      weights: The weight in the training loss of each label where it does not apply, and where it does; empty if all
        are 1.
    """

    count: int
    weights: tuple[tuple[float, ...], ...] = ()
    kind: TargetKind = TargetKind.LABELS
    metrics: tuple[Metric, ...] = (AUROC, MACRO_F1, LOG_LOSS)
    measures: tuple[str, ...] = ("loss",)
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()

    @property
    def constants(self) -> str:
        """The weights."""
        return repr(self.weights)

    def measure(
        self, logits: Float[Array, "N K"], labels: Shaped[Array, "N K"]
    ) -> dict[str, Float[Array, " N"]]:
        """The binary cross-entropy in nats, as the mean over the labels."""
        return {"loss": jnp.mean(_binary_cross_entropy(logits, labels), -1)}

    def training_loss(self, logits: Float[Array, "N K"], labels: Shaped[Array, "N K"]) -> Float[Array, " N"]:
        """The loss of `measure`; with weights, each term is multiplied by its weight."""
        losses = _binary_cross_entropy(logits, labels)
        if self.weights:
            absent, present = jnp.array(self.weights, jnp.float32)
            losses = losses * jnp.where(labels == 1, present, absent)
        return jnp.mean(losses, -1)

    def balanced(self, labels: np.ndarray) -> Labels:
        """Each label is a problem of two classes: a label that applies to n of N examples has the weight N / (2n)
        where it applies, and N / (2(N - n)) where it does not.
        """
        present = labels.sum(0, dtype=np.int64)
        weights = tuple(
            tuple((len(labels) / (2 * np.maximum(counts, 1))).tolist())
            for counts in (len(labels) - present, present)
        )
        return replace(self, weights=weights)

    def summary(
        self, averages: Averages, outputs: np.ndarray | None, labels: np.ndarray | None
    ) -> dict[str, float]:
        """The averages, and the metrics that are computed from log-odds (N, K) and labels (N, K) of a split.

        A label is predicted where its probability is above one half. The AUROC is the mean over the labels that apply
        to some examples of the split and not to others; it is left out if there is none.
        """
        reported = dict(averages)
        if outputs is not None and labels is not None:
            reported["auroc"] = mean_of_known(auroc_of_labels(outputs, labels))
            reported["macro_f1"] = float(f1_of_labels(labels, outputs > 0).mean())
            if math.isnan(reported["auroc"]):
                del reported["auroc"]
        return {**reported, "log_loss": averages["loss"]}

    def reward(self, history: Sequence[Averages]) -> float:
        """The cube of the largest AUROC of the last 5 epochs.

        Unlike the F1 score, the AUROC tells networks apart before any of them predicts a rare label.
        """
        return max(metrics["auroc"] for metrics in history[-LAST_EPOCHS:]) ** 3


def _binary_cross_entropy(logits: Float[Array, "N K"], labels: Shaped[Array, "N K"]) -> Float[Array, "N K"]:
    """-log of the probability of what is true of each label, without overflow for large logits."""
    return jax.nn.softplus(logits) - logits * labels.astype(logits.dtype)


def check_labels(name: str, labels: Mapping[str, np.ndarray]) -> None:
    """Checks that networks can be told apart by the labels (N, K) of each split.

    Raises:
      NasctlError: In a split, no label applies to some examples and not to others.
    """
    for split, applies in labels.items():
        counts = applies.sum(0, dtype=np.int64)
        if not np.any((counts > 0) & (counts < len(applies))):
            raise NasctlError(
                f"{name}: each label applies to all or to none of the {len(applies)} {split} examples",
                hint="add examples with and without each label",
            )
