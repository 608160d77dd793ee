"""What the networks of a supervised task read: how an example becomes the input of a network."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from jaxtyping import Array, Int, Key, Shaped

from nasctl.graph import Shape
from nasctl.input_kind import InputKind


@runtime_checkable
class ExampleInput(Protocol):
    """How examples of a kind become inputs, such as `ImageInput`.

    Letters: N examples, V integers that describe how an example is varied.
    """

    @property
    def kind(self) -> InputKind:
        """The kind of the examples."""
        ...

    @property
    def shape(self) -> Shape:
        """The shape of an input."""
        ...

    @property
    def mean(self) -> tuple[float, ...]:
        """The means that normalise the examples; empty if they are not normalised."""
        ...

    @property
    def deviation(self) -> tuple[float, ...]:
        """The standard deviations that normalise the examples; empty if they are not normalised."""
        ...

    @property
    def vocabulary(self) -> tuple[str, ...]:
        """The text tokens of documents; empty for other examples."""
        ...

    @property
    def steps(self) -> int:
        """The steps of series and documents; 0 for other examples."""
        ...

    @property
    def constants(self) -> str:
        """The constants of `inputs` and `augment`."""
        ...

    @property
    def unaugmented(self) -> ExampleInput:
        """The same without augmentation: `augment` returns what `inputs` returns."""
        ...

    def inputs(self, examples: Shaped[Array, "N ..."]) -> Shaped[Array, "N ..."]:
        """As `Task.inputs`."""
        ...

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N V"]:
        """As `Task.variations`."""
        ...

    def augment(
        self, variations: Int[Array, "N V"], examples: Shaped[Array, "N ..."]
    ) -> Shaped[Array, "N ..."]:
        """As `Task.augment`."""
        ...
