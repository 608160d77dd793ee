"""Predicts each token of a text from those before it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from nasctl.datasets import Dataset, Examples
from nasctl.datasets.text import STEPS
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import PERPLEXITY, Metric
from nasctl.tasks.cross_entropy import cross_entropy
from nasctl.tasks.task import Metrics, Split

REWARD_SCALE = 80.0
"""c of the reward c / perplexity² (Zoph & Le 2017, section 4.2)."""


@dataclass(frozen=True, eq=False)
class LanguageModel:
    """A `Task`: a text of N tokens in each split, a vocabulary of V.

    Attributes:
      name: The data set's name.
      signature: (steps through which gradients flow,) and the size of the vocabulary.
      splits: The tokens by split, as the data set has them.
      validation_seed: Of no consequence: the validation text is the data set's own.
    """

    name: str
    signature: Signature
    splits: Mapping[Split, Examples]
    validation_seed: int = 0
    kind: InputKind = InputKind.TEXT
    sequential: bool = True
    metrics: tuple[Metric, ...] = (PERPLEXITY,)
    measures: tuple[str, ...] = ("loss",)

    def inputs(self, examples: Int[Array, "N ..."]) -> Int[Array, "N ..."]:
        """The tokens as they are."""
        return examples

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N 0"]:
        """Nothing: a text is not varied."""
        return jnp.zeros((count, 0), jnp.int32)

    def augment(self, variations: Int[Array, "N 0"], examples: Int[Array, "N ..."]) -> Int[Array, "N ..."]:
        """The tokens as they are."""
        return examples

    @property
    def unaugmented(self) -> LanguageModel:
        """The task itself."""
        return self

    @property
    def traced(self) -> str:
        """Nothing of its own."""
        return ""

    def measure(
        self, logits: Float[Array, "N ... V"], labels: Int[Array, "N ..."]
    ) -> dict[str, Float[Array, "N ..."]]:
        """Cross-entropy of each token, in nats."""
        return {"loss": cross_entropy(logits, labels)}

    def summary(self, averages: Metrics) -> dict[str, float]:
        """The mean cross-entropy, and the perplexity, exp of it."""
        loss = averages["loss"]
        return {**averages, "perplexity": math.exp(loss) if loss < 700 else math.inf}

    def reward(self, history: Sequence[Metrics]) -> float:
        """c / (validation perplexity)², of the best epoch (Zoph & Le 2017, section 4.2)."""
        return REWARD_SCALE / min(metrics["perplexity"] for metrics in history) ** 2


def language_model(dataset: Dataset, *, validation_seed: int = 0) -> LanguageModel:
    """The task of a text.

    Raises:
      NasctlError: It comes without a text to validate on.
    """
    if dataset.validation is None:
        raise NasctlError(f"{dataset.name} has no text to validate on")
    return LanguageModel(
        name=dataset.name,
        signature=Signature((STEPS,), dataset.classes),
        splits={"train": dataset.train, "validation": dataset.validation, "test": dataset.test},
        validation_seed=validation_seed,
    )
