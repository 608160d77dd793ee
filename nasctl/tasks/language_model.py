"""The task of predicting each text token from those before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from nasctl.config import TrainingConfig
from nasctl.datasets import Dataset, Examples
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.texts.text import STEPS
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import BITS, PERPLEXITY, Metric
from nasctl.target_kind import TargetKind
from nasctl.tasks.cross_entropy import cross_entropy
from nasctl.tasks.task import Metrics, Split

REWARD_SCALE = 80.0
"""The constant c of the reward c / perplexity² (Zoph & Le 2017, section 4.2)."""


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A `Task` on text.

    Letters: N text tokens of a split, V words of the vocabulary.

    Attributes:
      name: The data set's name.
      signature: (steps through which gradients flow,) and V.
      splits: The text tokens by split, as in the data set.
      class_names: The vocabulary.
      validation_seed: Not used: the data set has a validation text.
      known_digest: The digest, if it was computed before.
      notes: What the user should know about the text: one sentence each, without a full stop.
    """

    name: str
    signature: Signature
    splits: Mapping[Split, Examples]
    class_names: tuple[str, ...]
    validation_seed: int = 0
    known_digest: str = ""
    kind: InputKind = InputKind.TEXT
    predicts: bool = False
    sequential: bool = True
    notes: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = (PERPLEXITY, BITS)
    measures: tuple[str, ...] = ("loss",)

    def inputs(self, examples: Int[Array, "N ..."]) -> Int[Array, "N ..."]:
        """The text tokens, unchanged."""
        return examples

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N 0"]:
        """Draws nothing, as a text is not varied."""
        return jnp.zeros((count, 0), jnp.int32)

    def augment(self, variations: Int[Array, "N 0"], examples: Int[Array, "N ..."]) -> Int[Array, "N ..."]:
        """The text tokens, unchanged."""
        return examples

    def configured(self, training: TrainingConfig) -> LanguageModel:
        """The same task, as it has no augmentation.

        Raises:
          NasctlError: The settings weight classes.
        """
        if training.class_weights != "none":
            raise NasctlError(
                f"training.class_weights {training.class_weights} needs classes, but a language model predicts text",
                hint="leave it out",
            )
        return self

    @cached_property
    def digest(self) -> str:
        """The digest of the text tokens of each split and of the vocabulary."""
        return self.known_digest or digest_of_examples(self.splits, self.class_names)

    @property
    def encoding(self) -> Encoding:
        """The vocabulary."""
        return Encoding(self.class_names, target=TargetKind.TOKEN)

    @property
    def traced_constants(self) -> str:
        """No constants."""
        return ""

    def measure(
        self, logits: Float[Array, "N ... V"], labels: Int[Array, "N ..."]
    ) -> dict[str, Float[Array, "N ..."]]:
        """The cross-entropy of each text token, in nats."""
        return {"loss": cross_entropy(logits, labels)}

    def training_loss(
        self, logits: Float[Array, "N ... V"], labels: Int[Array, "N ..."]
    ) -> Float[Array, "N ..."]:
        """The loss of `measure`."""
        return cross_entropy(logits, labels)

    def summary(
        self, averages: Metrics, outputs: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> dict[str, float]:
        """The mean cross-entropy; its exponential, the perplexity; and the same in bits for each text token."""
        loss = averages["loss"]
        perplexity = math.exp(loss) if loss < 700 else math.inf
        return {**averages, "perplexity": perplexity, "bits": loss / math.log(2)}

    def reward(self, history: Sequence[Metrics]) -> float:
        """c / perplexity² of the best epoch (Zoph & Le 2017, section 4.2)."""
        return REWARD_SCALE / min(metrics["perplexity"] for metrics in history) ** 2


def language_model(
    dataset: Dataset, *, validation_seed: int = 0, encoding: Encoding | None = None
) -> LanguageModel:
    """The task of a data set of text.

    Args:
      dataset: A data set of text.
      validation_seed: Not used: the data set has a validation text.
      encoding: The encoding of a trained network that is to be measured. The text was read with its vocabulary.

    Raises:
      NasctlError: The data set has no validation text.
    """
    assert encoding is None or dataset.class_names == encoding.class_names
    if dataset.validation is None:
        raise NasctlError(f"{dataset.name} has no validation text")
    return LanguageModel(
        name=dataset.name,
        signature=Signature((STEPS,), dataset.classes),
        splits={"train": dataset.train, "validation": dataset.validation, "test": dataset.test},
        class_names=dataset.class_names,
        validation_seed=validation_seed,
        notes=dataset.notes,
    )
