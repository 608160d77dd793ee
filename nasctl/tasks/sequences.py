"""Series and documents as the inputs of networks: padded to one length, and not varied in training."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from nasctl.datasets import Examples
from nasctl.datasets.encoding import Encoding
from nasctl.graph import Shape
from nasctl.input_kind import InputKind


@dataclass(frozen=True)
class SeriesInput:
    """The `ExampleInput` of series.

    Letters: N series of T steps and F features.

    Attributes:
      shape: (T, F).
      mean: The mean of each feature over the steps of the training series.
      deviation: The standard deviation of each feature over the steps of the training series.
    """

    shape: Shape
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    vocabulary: tuple[str, ...] = ()
    kind: InputKind = InputKind.SERIES

    @property
    def steps(self) -> int:
        """T."""
        return self.shape[0]

    @property
    def constants(self) -> str:
        """The means and deviations for the normalisation."""
        return repr((self.mean, self.deviation))

    @property
    def unaugmented(self) -> SeriesInput:
        """The same, as series are not varied."""
        return self

    def inputs(self, examples: Float[Array, "N T F"]) -> Float[Array, "N T F"]:
        """Series normalised to mean 0 and standard deviation 1 in each feature. Padding stays NaN."""
        mean, inverse = self._moments
        return (examples - mean) * inverse

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N 0"]:
        """Draws nothing."""
        return jnp.zeros((count, 0), jnp.int32)

    def augment(
        self, variations: Int[Array, "N 0"], examples: Float[Array, "N T F"]
    ) -> Float[Array, "N T F"]:
        """As `inputs`."""
        return self.inputs(examples)

    @cached_property
    def _moments(self) -> tuple[np.ndarray, np.ndarray]:
        return np.array(self.mean, np.float32), 1 / np.array(self.deviation, np.float32)


@dataclass(frozen=True)
class DocumentInput:
    """The `ExampleInput` of documents.

    Letters: N documents of T text tokens.

    Attributes:
      shape: (T,).
      vocabulary: The text tokens 0, 1, ….
    """

    shape: Shape
    vocabulary: tuple[str, ...]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    kind: InputKind = InputKind.TEXT

    @property
    def steps(self) -> int:
        """T."""
        return self.shape[0]

    @property
    def constants(self) -> str:
        """No constants."""
        return ""

    @property
    def unaugmented(self) -> DocumentInput:
        """The same, as documents are not varied."""
        return self

    def inputs(self, examples: Int[Array, "N T"]) -> Int[Array, "N T"]:
        """The documents, unchanged."""
        return examples

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N 0"]:
        """Draws nothing."""
        return jnp.zeros((count, 0), jnp.int32)

    def augment(self, variations: Int[Array, "N 0"], examples: Shaped[Array, "N T"]) -> Int[Array, "N T"]:
        """As `inputs`."""
        return examples


def series_input(train: Examples, encoding: Encoding | None) -> SeriesInput:
    """The input of a data set of series.

    Args:
      train: The training series, with whose mean and deviation the series are normalised.
      encoding: The encoding of a trained network that is to be measured, whose moments are used instead.
    """
    _, steps, features = train.inputs.shape
    if encoding is not None:
        return SeriesInput((steps, features), encoding.mean, encoding.deviation)
    flat = np.asarray(train.inputs, np.float64).reshape(-1, features)
    mean, deviation = np.nanmean(flat, 0), np.nanstd(flat, 0)
    deviation = np.where(deviation > 1e-6 * (1e-6 + abs(mean)), deviation, 1)
    return SeriesInput((steps, features), _numbers(mean), _numbers(deviation))


def _numbers(values: np.ndarray) -> tuple[float, ...]:
    return tuple(values.astype(np.float32).tolist())
