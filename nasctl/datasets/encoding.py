"""How the examples of a data set become the inputs and labels of a network, as it is stored with trained weights."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.image_format import ImageFormat
from nasctl.errors import NasctlError
from nasctl.foreign_text import first_names
from nasctl.target_kind import TargetKind


@dataclass(frozen=True)
class Encoding:
    """What a network has learned about its data set besides its weights.

    A network is measured with the encoding of its training data, on whatever data set.

    Attributes:
      class_names: The names of its outputs 0, 1, …: classes, labels or numbers, or the vocabulary of a text whose next
        token is predicted.
      mean: The mean of each channel of images, or of each feature of series, over the training examples; empty for
        text.
      deviation: Their standard deviations, likewise.
      target: What the outputs are.
      image: How image files become arrays; None for arrays and for other kinds of examples.
      label_mean: The mean of each number over the training examples; empty for other targets.
      label_deviation: The standard deviation of each number over the training examples; empty for other targets.
      vocabulary: The text tokens 0, 1, … of documents; empty for other examples.
      steps: The steps of series or documents; 0 for other examples.
    """

    class_names: tuple[str, ...]
    mean: tuple[float, ...] = ()
    deviation: tuple[float, ...] = ()
    target: TargetKind = TargetKind.CLASS
    image: ImageFormat | None = None
    label_mean: tuple[float, ...] = ()
    label_deviation: tuple[float, ...] = ()
    vocabulary: tuple[str, ...] = ()
    steps: int = 0


def encoded_as(dataset: Dataset, encoding: Encoding) -> Dataset:
    """A data set with its classes, labels or numbers in the order of an encoding. They are matched by their names.

    Raises:
      NasctlError: The data set has labels of another kind, or has classes that the encoding does not have, or does not
        have the same labels or numbers.
    """
    if dataset.target is not encoding.target:
        raise NasctlError(
            f"the network predicts {_WORDS[encoding.target]}, but {dataset.name} has {_WORDS[dataset.target]}"
        )
    if dataset.target in (TargetKind.LABELS, TargetKind.NUMBERS):
        return _with_columns(dataset, encoding.class_names)
    return with_classes(dataset, encoding.class_names)


_WORDS = {
    TargetKind.CLASS: "one class for each example",
    TargetKind.LABELS: "several labels for each example",
    TargetKind.NUMBERS: "numbers",
    TargetKind.TOKEN: "the next text token",
}


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
    return _relabelled(dataset, class_names, lambda labels: number_of[labels])


def _with_columns(dataset: Dataset, names: tuple[str, ...]) -> Dataset:
    """A data set of labels or numbers with its columns in the order of `names`."""
    if dataset.class_names == names:
        return dataset
    if sorted(dataset.class_names) != sorted(names):
        noun = "label" if dataset.target is TargetKind.LABELS else "number"
        raise NasctlError(
            f"the network predicts {_listed(noun, names)}, but {dataset.name} has "
            f"{_listed(noun, dataset.class_names)}",
            hint="name the columns as in the data set that the network was trained on",
        )
    order = [dataset.class_names.index(name) for name in names]
    return _relabelled(dataset, names, lambda labels: labels[:, order])


def _relabelled(
    dataset: Dataset, class_names: tuple[str, ...], relabel: Callable[[np.ndarray], np.ndarray]
) -> Dataset:
    def changed(examples: Examples) -> Examples:
        return replace(examples, labels=relabel(examples.labels))

    return replace(
        dataset,
        train=changed(dataset.train),
        test=changed(dataset.test),
        validation=None if dataset.validation is None else changed(dataset.validation),
        class_names=class_names,
    )


def _listed(noun: str, names: tuple[str, ...] | list[str]) -> str:
    shown = first_names([f"`{name}`" for name in names])
    plural = "es" if noun == "class" else "s"
    return f"the {noun}{plural if len(names) > 1 else ''} {shown}"
