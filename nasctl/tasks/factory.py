"""The task of a data set, by the kinds of its examples and of its labels.

A new kind of input or target is a file beside this one and a line in a table here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.datasets import Dataset, Examples, load
from nasctl.datasets.encoding import Encoding, encoded_as
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind
from nasctl.tasks.classes import Classes
from nasctl.tasks.example_input import ExampleInput
from nasctl.tasks.images import image_input
from nasctl.tasks.labels import Labels, check_labels
from nasctl.tasks.language_model import language_model
from nasctl.tasks.numbers import Numbers, standardised
from nasctl.tasks.sequences import DocumentInput, series_input
from nasctl.tasks.supervised import SupervisedTask
from nasctl.tasks.target import Target
from nasctl.tasks.task import Split, Task
from nasctl.tasks.validation import notes_on_splits, with_validation

_INPUTS: Mapping[InputKind, Callable[[Dataset, Examples, Encoding | None], ExampleInput]] = {
    InputKind.IMAGE: lambda _, train, encoding: image_input(train, encoding),
    InputKind.SERIES: lambda _, train, encoding: series_input(train, encoding),
    InputKind.TEXT: lambda dataset, train, _: DocumentInput(train.inputs.shape[1:], dataset.vocabulary),
}


_COMPARED: tuple[Split, ...] = ("validation", "test")


def make_task(
    dataset: str,
    *,
    data_dir: Path | None = None,
    validation_seed: int = 0,
    settings: DataConfig = DEFAULT_DATA,
    encoding: Encoding | None = None,
) -> Task:
    """The task of a data set, by the data set's name or path.

    Args:
      dataset: A name or path, as for `nasctl.datasets.load`.
      data_dir: The folder of prepared data sets.
      validation_seed: Seed of the validation split. A search and everything that uses its results must share it.
      settings: How the examples are read. All examples are read, whatever `examples` says (`part_of`).
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: The data set cannot be loaded, there is no task for its kind, or it does not fit the encoding.
    """
    loaded = load(dataset, data_dir, settings=settings, encoding=encoding)
    if loaded.target is TargetKind.TOKEN:
        return language_model(loaded, validation_seed=validation_seed, encoding=encoding)
    return supervised_task(loaded, validation_seed=validation_seed, encoding=encoding)


def supervised_task(
    dataset: Dataset, *, validation_seed: int = 0, encoding: Encoding | None = None
) -> SupervisedTask:
    """The task of a data set whose examples are independent of each other.

    Args:
      dataset: The data set.
      validation_seed: The seed with which the validation examples are drawn, for data sets without any.
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: There is no task for its kind, it is too small to hold out any examples, or it does not fit the
        encoding.
    """
    if dataset.kind not in _INPUTS:
        raise NasctlError(f"there is no task yet for a data set of {dataset.kind.plural}")
    if encoding is not None:
        dataset = encoded_as(dataset, encoding)
    splits = with_validation(dataset, seed=validation_seed)
    read = _INPUTS[dataset.kind](dataset, splits["train"], encoding)
    return SupervisedTask(
        name=dataset.name,
        # Numbers may be positions or angles, which an augmentation would change
        input=read.unaugmented if dataset.target is TargetKind.NUMBERS else read,
        target=_target(dataset, splits, encoding),
        splits=splits,
        class_names=dataset.class_names,
        validation_seed=validation_seed,
        image=dataset.image,
        notes=(*dataset.notes, *notes_on_splits(splits, dataset.class_names, dataset.target)),
        known_digest=dataset.digest,
    )


def _target(dataset: Dataset, splits: Mapping[Split, Examples], encoding: Encoding | None) -> Target:
    if dataset.target is TargetKind.NUMBERS:
        if encoding is not None:
            return Numbers(encoding.label_mean, encoding.label_deviation)
        return standardised(splits["train"].labels)
    if dataset.target is TargetKind.LABELS:
        if encoding is None:
            check_labels(dataset.name, {name: splits[name].labels for name in _COMPARED})
        return Labels(dataset.classes)
    return Classes(dataset.classes)
