"""A task whose examples are independent of each other: an input and what is predicted for it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from nasctl.config import TrainingConfig
from nasctl.datasets import Examples
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_format import ImageFormat
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import Metric
from nasctl.tasks.example_input import ExampleInput
from nasctl.tasks.target import Target
from nasctl.tasks.task import Metrics, Split


@dataclass(frozen=True, eq=False)
class SupervisedTask:
    """A `Task` made of what networks read and what they predict.

    Letters: N examples, K outputs of a network, V integers that describe how an example is varied.

    Attributes:
      name: The data set's name.
      input: How examples become the inputs of networks.
      target: What is predicted.
      splits: The examples by split.
      class_names: The names of the K classes, labels or numbers.
      validation_seed: The seed with which `validation` was drawn, if it was.
      image: How image files became the images; None if they were arrays.
      notes: What the user should know about the examples: one sentence each, without a full stop.
      known_digest: The digest, if it was computed before.
    """

    name: str
    input: ExampleInput
    target: Target
    splits: Mapping[Split, Examples]
    class_names: tuple[str, ...]
    validation_seed: int = 0
    image: ImageFormat | None = None
    notes: tuple[str, ...] = ()
    known_digest: str = ""
    predicts: bool = True
    sequential: bool = False
    _configured: dict[tuple[bool, str], SupervisedTask] = field(default_factory=dict, init=False, repr=False)

    @property
    def kind(self) -> InputKind:
        """The kind of the examples."""
        return self.input.kind

    @property
    def signature(self) -> Signature:
        """The shape of an input, K, and the size of the vocabulary of documents."""
        return Signature(self.input.shape, len(self.class_names), len(self.input.vocabulary))

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics of the target."""
        return self.target.metrics

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures of the target."""
        return self.target.measures

    def inputs(self, examples: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """As `ExampleInput.inputs`."""
        return self.input.inputs(examples)

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N V"]:
        """As `ExampleInput.variations`."""
        return self.input.variations(key, count)

    def augment(
        self, variations: Int[Array, "N V"], examples: Shaped[Array, "N ..."]
    ) -> Shaped[Array, "N ..."]:
        """As `ExampleInput.augment`."""
        return self.input.augment(variations, examples)

    def measure(
        self, logits: Float[Array, "N K"], labels: Shaped[Array, "N ..."]
    ) -> dict[str, Float[Array, " N"]]:
        """As `Target.measure`."""
        return self.target.measure(logits, labels)

    def training_loss(
        self, logits: Float[Array, "N K"], labels: Shaped[Array, "N ..."]
    ) -> Float[Array, " N"]:
        """As `Target.training_loss`."""
        return self.target.training_loss(logits, labels)

    def summary(
        self, averages: Metrics, outputs: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> dict[str, float]:
        """As `Target.summary`."""
        return self.target.summary(averages, outputs, labels)

    def reward(self, history: Sequence[Metrics]) -> float:
        """As `Target.reward`."""
        return self.target.reward(history)

    def configured(self, training: TrainingConfig) -> SupervisedTask:
        """The task without augmentation, or with weighted classes, where the settings say so."""
        key = (training.augment, training.class_weights)
        if key == (True, "none"):
            return self
        if key not in self._configured:
            variant = self if training.augment else replace(self, input=self.input.unaugmented)
            if training.class_weights == "balanced":
                variant = replace(variant, target=self.target.balanced(self.splits["train"].labels))
            self._configured.setdefault(key, variant)
        return self._configured[key]

    @cached_property
    def digest(self) -> str:
        """The digest of the examples of each split and of the names of the classes."""
        return self.known_digest or digest_of_examples(self.splits, self.class_names)

    @property
    def encoding(self) -> Encoding:
        """The names of the classes, and the means and deviations of inputs and of numbers."""
        return Encoding(
            self.class_names,
            self.input.mean,
            self.input.deviation,
            self.target.kind,
            self.image,
            self.target.mean,
            self.target.deviation,
            self.input.vocabulary,
            self.input.steps,
        )

    @property
    def traced_constants(self) -> str:
        """The constants of the input and of the target."""
        return repr((self.input.constants, type(self.target).__name__, self.target.constants))
