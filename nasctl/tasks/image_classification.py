"""The task of classifying images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key, Shaped

from nasctl.datasets import Dataset, Examples
from nasctl.datasets.content import digest_of_examples
from nasctl.datasets.encoding import Encoding, with_classes
from nasctl.datasets.split import random_split
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.metrics import ACCURACY, Metric
from nasctl.tasks.augmentation import NO_AUGMENTATION, Augmentation, upsample_crop_flip
from nasctl.tasks.cross_entropy import cross_entropy
from nasctl.tasks.task import Metrics, Split

LAST_EPOCHS = 5
"""The number of last epochs whose validation accuracy the reward uses (Zoph & Le 2017, section 4.1)."""


@dataclass(frozen=True, eq=False)
class ImageClassification:
    """A `Task` on images.

    Letters: N images of H × W pixels in C channels, K classes, V integers that describe how an image is varied.

    Attributes:
      name: The data set's name.
      signature: (height, width, channels) and the number of classes.
      splits: The examples by split; `validation` was drawn from the data set's training examples.
      mean: The mean of each channel over the training examples.
      deviation: The standard deviation of each channel over the training examples.
      class_names: The names of the classes 0, 1, ….
      augmentation: How images are varied in training.
      validation_seed: The seed with which `validation` was drawn.
    """

    name: str
    signature: Signature
    splits: Mapping[Split, Examples]
    mean: np.ndarray
    deviation: np.ndarray
    class_names: tuple[str, ...]
    augmentation: Augmentation
    validation_seed: int
    kind: InputKind = InputKind.IMAGE
    sequential: bool = False
    metrics: tuple[Metric, ...] = (ACCURACY,)
    measures: tuple[str, ...] = ("loss", "accuracy")

    def inputs(self, examples: Shaped[Array, "N H W C"]) -> Float[Array, "N H W C"]:
        """Images normalised to mean 0 and standard deviation 1 in each channel, without variation."""
        return self._normalise(self.augmentation.centre(examples.astype(jnp.float32)))

    def variations(self, key: Key[Array, ""], count: int) -> Int[Array, "N V"]:
        """Draws how each of N images is varied."""
        return self.augmentation.draw(key, count, self.signature.input_shape)

    def augment(
        self, variations: Int[Array, "N V"], examples: Shaped[Array, "N H W C"]
    ) -> Float[Array, "N H W C"]:
        """As `inputs`, with the drawn variations."""
        return self._normalise(self.augmentation.vary(variations, examples.astype(jnp.float32)))

    def measure(self, logits: Float[Array, "N K"], labels: Int[Array, " N"]) -> dict[str, Float[Array, " N"]]:
        """The cross-entropy in nats, and an accuracy of 1 where the most probable class is the label, else 0."""
        return {
            "loss": cross_entropy(logits, labels),
            "accuracy": (jnp.argmax(logits, -1) == labels).astype(jnp.float32),
        }

    def summary(self, averages: Metrics) -> dict[str, float]:
        """Returns the averages unchanged."""
        return dict(averages)

    def reward(self, history: Sequence[Metrics]) -> float:
        """The cube of the largest accuracy of the last 5 epochs (Zoph & Le 2017, section 4.1)."""
        return max(metrics["accuracy"] for metrics in history[-LAST_EPOCHS:]) ** 3

    @cached_property
    def unaugmented(self) -> ImageClassification:
        """The same task without augmentation."""
        return replace(self, augmentation=NO_AUGMENTATION)

    @cached_property
    def digest(self) -> str:
        """The digest of the examples of each split and of the names of the classes."""
        return digest_of_examples(self.splits, self.class_names)

    @property
    def encoding(self) -> Encoding:
        """The names of the classes, and the means and deviations for the normalisation."""
        return Encoding(self.class_names, tuple(self.mean.tolist()), tuple(self.deviation.tolist()))

    @property
    def traced_constants(self) -> str:
        """The augmentation, and the means and deviations for the normalisation."""
        moments = [(values.dtype.name, values.tolist()) for values in (self.mean, self.deviation)]
        return repr((self.augmentation.name, moments))

    def _normalise(self, images: Float[Array, "N H W C"]) -> Float[Array, "N H W C"]:
        return (images - self.mean) * (1 / self.deviation)


def image_classification(
    dataset: Dataset, *, validation_seed: int = 0, encoding: Encoding | None = None
) -> ImageClassification:
    """The task of a data set of images.

    A tenth of the training examples is held out at random for validation, as in the paper on CIFAR-10 (45,000 and
    5,000). In a small data set a tenth is too few to tell networks apart; there it is up to a fifth, but at most 1,000.

    Colour images are varied as in the paper. Grey images are not varied: a mirrored digit is not a digit, and shifting
    the digits by a pixel costs random networks 1 % of test accuracy, after 5 epochs and after 15.

    Args:
      dataset: A data set of images.
      validation_seed: The seed with which the validation examples are drawn.
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: The data set is too small to hold out any examples, or has classes that the network does not know.
    """
    if encoding is not None:
        dataset = with_classes(dataset, encoding.class_names)
    count = len(dataset.train)
    held_out = max(count // 10, min(count // 5, 1000))
    if held_out < 1:
        raise NasctlError(
            f"{dataset.name} has {count} training examples, too few to hold some out for validation"
        )
    training, validation = random_split(count, held_out, seed=validation_seed)
    train = dataset.train.take(training)
    if encoding is None:
        mean, deviation = _moments(train.inputs)
    else:
        mean, deviation = (np.array(values, np.float32) for values in (encoding.mean, encoding.deviation))
    height, width, channels = train.inputs.shape[1:]
    return ImageClassification(
        name=dataset.name,
        signature=Signature((height, width, channels), dataset.classes),
        splits={"train": train, "validation": dataset.train.take(validation), "test": dataset.test},
        mean=mean,
        deviation=deviation,
        class_names=dataset.class_names,
        augmentation=upsample_crop_flip() if channels == 3 else NO_AUGMENTATION,
        validation_seed=validation_seed,
    )


def _moments(images: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The mean and standard deviation of each channel; the deviation of a constant channel is given as 1."""
    flat = images.reshape(-1, images.shape[-1])
    mean = flat.mean(0, dtype=np.float64)
    square = np.einsum("nc,nc->c", flat, flat, dtype=np.float64, casting="unsafe") / len(flat)
    deviation = np.sqrt(np.maximum(square - mean**2, 0))
    return mean.astype(np.float32), np.where(deviation > 1e-6 * (1 + abs(mean)), deviation, 1).astype(
        np.float32
    )
