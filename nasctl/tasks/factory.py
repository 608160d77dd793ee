"""The task of a data set, by the kind of its examples. A new kind of task is a file beside this one and a line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.datasets import load
from nasctl.datasets.encoding import Encoding
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.tasks.image_classification import image_classification
from nasctl.tasks.language_model import language_model
from nasctl.tasks.task import Task

_TASKS: Mapping[InputKind, Callable[..., Task]] = {
    InputKind.IMAGE: image_classification,
    InputKind.TEXT: language_model,
}


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
      settings: How the examples are read.
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: The data set cannot be loaded, there is no task for its kind, or it does not fit the encoding.
    """
    loaded = load(dataset, data_dir, settings=settings, encoding=encoding)
    if loaded.kind not in _TASKS:
        raise NasctlError(f"there is no task yet for a data set of {loaded.kind}")
    return _TASKS[loaded.kind](loaded, validation_seed=validation_seed, encoding=encoding)
