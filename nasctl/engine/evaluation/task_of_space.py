"""The task of a space: the data set that it is searched on, checked against its networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.dialects import dialect_named
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.space import Space
from nasctl.tasks import Encoding, Task, make_task

DEFAULT_DATASETS: Mapping[InputKind, str] = {InputKind.IMAGE: "digits", InputKind.TEXT: "pydoc"}
"""The embedded data set for each kind of input."""


def default_dataset(space: Space) -> str:
    """The embedded data set that fits a space.

    Raises:
      NasctlError: The space has no networks.
    """
    read = input_of(space)
    if read is InputKind.NONE:
        raise NasctlError(f"{space.name} has no networks that could be trained on a data set")
    return DEFAULT_DATASETS[read]


def input_of(space: Space) -> InputKind:
    """The kind of input that the networks of a space read."""
    return InputKind(dialect_named(space.dialect).input)


def task_of(
    space: Space,
    dataset: str | None,
    *,
    data_dir: Path | None = None,
    validation_seed: int = 0,
    settings: DataConfig = DEFAULT_DATA,
    encoding: Encoding | None = None,
) -> Task:
    """The task of a data set, checked against a space.

    Args:
      space: The space.
      dataset: Name or path of the data set. Default: the embedded one that fits the space.
      data_dir: The folder of prepared data sets.
      validation_seed: Seed of the validation split, for data sets without one of their own.
      settings: How the examples are read.
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: The data set is not available, or the networks of the space read another kind of input.
    """
    read = input_of(space)
    name = default_dataset(space) if dataset is None else dataset
    task = make_task(
        name, data_dir=data_dir, validation_seed=validation_seed, settings=settings, encoding=encoding
    )
    if read not in (task.kind, InputKind.NONE):
        raise NasctlError(
            f"the networks of {space.name} read {read.plural}, but {name} is a data set of {task.kind.plural}",
            hint=f"name another one with --dataset, or leave it out for {DEFAULT_DATASETS[read]}",
        )
    return task
