"""The data sets that come with nasctl, which `load` finds by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nasctl.datasets.cifar10 import CIFAR10
from nasctl.datasets.data_folder import default_data_dir
from nasctl.datasets.dataset import DatasetSpec
from nasctl.datasets.digits import DIGITS
from nasctl.datasets.preparation import folder_of, is_prepared
from nasctl.datasets.texts.python_manual import NAME as PYDOC
from nasctl.datasets.texts.python_manual import SUMMARY, VOCABULARY, pydoc_folder
from nasctl.datasets.texts.text import STEPS
from nasctl.errors import NasctlError

CATALOGUE: Mapping[str, DatasetSpec] = {spec.name: spec for spec in (DIGITS, CIFAR10)}
"""The image data sets that nasctl knows by name. To add one, write its `DatasetSpec` in a file and list it here."""


@dataclass(frozen=True)
class Description:
    """What is known about a data set before it is prepared.

    Attributes:
      name: The name with which `load` finds the data set.
      summary: A one-line description.
      shape: (height, width, channels) of an image, or (time steps,) of a text.
      classes: The number of classes, or the size of the vocabulary.
      train: The number of training examples; 0 if it is known only after preparation.
      test: The number of test examples, likewise.
      folder: The folder of the prepared files.
      prepared: Whether the data set is prepared.
    """

    name: str
    summary: str
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    folder: Path
    prepared: bool


def names() -> tuple[str, ...]:
    """Returns the names of the data sets that come with nasctl."""
    return (*CATALOGUE, PYDOC)


def describe(name: str, data_dir: Path | None = None) -> Description:
    """Describes a data set that comes with nasctl, without preparing it.

    Args:
      name: One of `names()`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.

    Raises:
      NasctlError: The data set does not come with nasctl.
    """
    data_dir = data_dir or default_data_dir()
    if name == PYDOC:
        folder = pydoc_folder(data_dir)
        return Description(name, SUMMARY, (STEPS,), VOCABULARY, 0, 0, folder, folder.is_dir())
    if name not in CATALOGUE:
        raise NasctlError(
            f"no data set of nasctl is called `{name}`", hint=f"name one of {', '.join(names())}"
        )
    spec = CATALOGUE[name]
    return Description(
        name=name,
        summary=spec.summary,
        shape=spec.shape,
        classes=len(spec.class_names),
        train=spec.splits["train"],
        test=spec.splits["test"],
        folder=folder_of(spec, data_dir),
        prepared=is_prepared(spec, data_dir),
    )
