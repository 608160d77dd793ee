"""What a task is: the data, the loss, the metrics and the reward of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from nasctl.config import TrainingConfig
from nasctl.datasets import Examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.split_names import SplitName
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import Metric

Split = SplitName
Metrics = Mapping[str, float]


@runtime_checkable
class Task(Protocol):
    """A kind of problem on one data set: `SupervisedTask` or `LanguageModel`.

    N examples; the kind of task fixes the shape of an example's inputs. The methods that take JAX arrays are pure and
    are traced into the compiled programs of `nasctl.training`.
    """

    @property
    def name(self) -> str:
        """The data set's name."""
        ...

    @property
    def kind(self) -> InputKind:
        """The kind of the examples, which the networks of a space must read."""
        ...

    @property
    def signature(self) -> Signature:
        """The shape of an input and the number of outputs of a network for the task."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that `summary` reports where they are defined, the main one first.

        The best epoch is the one where the main metric is best.
        """
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know about the examples: one sentence each, without a full stop."""
        ...

    @property
    def validation_seed(self) -> int:
        """The seed with which the validation examples were drawn from the training examples."""
        ...

    @property
    def measures(self) -> tuple[str, ...]:
        """The names of what `measure` returns."""
        ...

    @property
    def splits(self) -> Mapping[Split, Examples]:
        """The examples by split."""
        ...

    @property
    def digest(self) -> str:
        """The identity of the examples: another digest means that the content of the data set has changed."""
        ...

    @property
    def encoding(self) -> Encoding:
        """How the examples become inputs and labels, which a checkpoint stores with the weights."""
        ...

    def __hash__(self) -> int: ...  # by identity: `put_on_device` caches the data by task

    def inputs(self, examples: Shaped[Array, "N ..."]) -> Float[Array, "N ..."]:
        """The inputs of a network when it is evaluated."""
        ...

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N V"]:
        """Draws how each of N examples is varied, as V integers."""
        ...

    def augment(
        self, variations: Int[Array, "N V"], examples: Shaped[Array, "N ..."]
    ) -> Float[Array, "N ..."]:
        """The inputs of a network when it is trained: `inputs` with the drawn variations."""
        ...

    def configured(self, training: TrainingConfig) -> Task:
        """The task as the settings of a training want it. Equal settings give the same object.

        Without `training.augment`, `augment` returns what `inputs` returns; with `training.class_weights`, the training
        loss is weighted.

        Raises:
          NasctlError: The task has no classes that could be weighted.
        """
        ...

    @property
    def traced_constants(self) -> str:
        """The constants of the task that are compiled into programs, besides signature, measures and sizes.

        Tasks of one class with the same value have the same `inputs`, `augment` and `measure`.
        """
        ...

    @property
    def sequential(self) -> bool:
        """Whether the examples are a sequence that is read in order, such as a text."""
        ...

    @property
    def predicts(self) -> bool:
        """Whether `summary` reads the outputs of a network for all examples of a split."""
        ...

    def training_loss(self, logits: Float[Array, "N ..."], labels: Int[Array, "N ..."]) -> Float[Array, " N"]:
        """The loss of each example, of which training minimises the mean."""
        ...

    def measure(
        self, logits: Float[Array, "N ..."], labels: Int[Array, "N ..."]
    ) -> dict[str, Float[Array, " N"]]:
        """The `loss` of each example, and everything else that is averaged over a split, by name."""
        ...

    def summary(
        self, averages: Metrics, outputs: np.ndarray | None = None, labels: np.ndarray | None = None
    ) -> dict[str, float]:
        """What is reported for a split: the averages of `measure`, and the metrics that are computed from them.

        Args:
          averages: The average of each of `measures` over the split.
          outputs: The outputs of the network for the examples of the split, (n, K) as float32, if `predicts`.
          labels: The labels of the examples, if `predicts`.
        """
        ...

    def reward(self, history: Sequence[Metrics]) -> float:
        """The reward of a child, from its summaries of the validation split after each epoch."""
        ...
