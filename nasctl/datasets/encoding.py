"""How the examples of a data set become the inputs and labels of a network, as it is stored with trained weights."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.image_format import ImageFormat
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind


@dataclass(frozen=True)
class Encoding:
    """What a network has learned about its data set besides its weights.

    A network is measured with the encoding of its training data, on whatever data set.

    Attributes:
      class_names: The names of its outputs 0, 1, …: the classes of images, or the vocabulary of a text.
      mean: The mean of each channel over the training images; empty for a text.
      deviation: The standard deviation of each channel over the training images; empty for a text.
      target: What the outputs are.
      image: How image files become arrays; None for arrays and for other kinds of examples.
    """

    class_names: tuple[str, ...]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    target: TargetKind = TargetKind.CLASS
    image: ImageFormat | None = None


def with_classes(dataset: Dataset, class_names: tuple[str, ...]) -> Dataset:
    """A data set with its classes numbered as in `class_names`.

    Classes are matched by their names. `class_names` may have classes that the data set does not have.

    Raises:
      NasctlError: The data set has classes that are not in `class_names`.
    """
    if dataset.class_names == class_names:
        return dataset
    unknown = [name for name in dataset.class_names if name not in class_names]
    if unknown:
        raise NasctlError(
            f"the network does not know {_listed('class', unknown)} of {dataset.name}",
            hint=f"it knows {_listed('class', class_names)}",
        )
    number_of = np.array([class_names.index(name) for name in dataset.class_names], np.int32)

    def renumbered(examples: Examples) -> Examples:
        return replace(examples, labels=number_of[examples.labels])

    return replace(
        dataset,
        train=renumbered(dataset.train),
        test=renumbered(dataset.test),
        validation=None if dataset.validation is None else renumbered(dataset.validation),
        class_names=class_names,
    )


def _listed(noun: str, names: tuple[str, ...] | list[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in names[:10]) + (" and others" if len(names) > 10 else "")
    return f"the {noun}{'es' if len(names) > 1 else ''} {shown}"
