"""What a task is: the data, the loss, what counts as good, and the reward of a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

from jaxtyping import Array, Float, Int, Key, Shaped

from nasctl.datasets import Examples
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import Metric

Split = Literal["train", "validation", "test"]
Metrics = Mapping[str, float]


class Task(Protocol):
    """A kind of problem on one data set: `ImageClassification` or `LanguageModel`.

    N examples; the inputs of an example have the shape that the task's kind fixes. Everything that takes JAX
    arrays is pure and is traced into the compiled steps of `nasctl.training`.
    """

    @property
    def name(self) -> str:
        """The data set's name."""
        ...

    @property
    def kind(self) -> InputKind:
        """What an example is: the networks of a space must read the same."""
        ...

    @property
    def signature(self) -> Signature:
        """What the task fixes about a network."""
        ...

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """The metrics that `summary` reports, the main one first: the best epoch is the one where it is best."""
        ...

    @property
    def validation_seed(self) -> int:
        """Seed by which the validation examples were taken out of the training examples."""
        ...

    @property
    def measures(self) -> tuple[str, ...]:
        """The names that `measure` gives."""
        ...

    @property
    def splits(self) -> Mapping[Split, Examples]:
        """The examples by split."""
        ...

    def __hash__(self) -> int: ...  # by identity: what is on the device is kept by task

    def inputs(self, examples: Shaped[Array, "N ..."]) -> Float[Array, "N ..."]:
        """What a network is given when it is evaluated."""
        ...

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N V"]:
        """Draws how each of N examples is varied, as V numbers."""
        ...

    def augment(
        self, variations: Int[Array, "N V"], examples: Shaped[Array, "N ..."]
    ) -> Float[Array, "N ..."]:
        """What a network is given when it is trained: `inputs`, varied as was drawn."""
        ...

    @property
    def unaugmented(self) -> Task:
        """The same task, where `augment` does what `inputs` does."""
        ...

    @property
    def traced(self) -> str:
        """What of the task is compiled into programs as a constant, beside signature, measures and sizes: tasks of one
        kind that have the same here have the same `inputs`, `augment` and `measure`."""
        ...

    @property
    def sequential(self) -> bool:
        """Whether each example follows from the one before, as in a text: they are then read in order."""
        ...

    def measure(
        self, logits: Float[Array, "N ..."], labels: Int[Array, "N ..."]
    ) -> dict[str, Float[Array, " N"]]:
        """The `loss` of each example, and whatever else is averaged over a split."""
        ...

    def summary(self, averages: Metrics) -> dict[str, float]:
        """What is reported of a split: the averages of `measure` over it, and what follows from them."""
        ...

    def reward(self, history: Sequence[Metrics]) -> float:
        """What the controller earns for a child, from its summaries of the validation split, epoch by epoch."""
        ...
