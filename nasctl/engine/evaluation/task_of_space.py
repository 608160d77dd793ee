"""The task of a space: the data set that it is searched on, checked against its networks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from nasctl.arch_json import TaskInfo
from nasctl.config import DEFAULT_DATA, DataConfig, written_image_size
from nasctl.datasets import name_for
from nasctl.dialects import fitting_spaces, input_of, targets_of
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.space import Space
from nasctl.target_kind import TargetKind
from nasctl.tasks import Encoding, Task, make_task, part_of

DEFAULT_DATASETS: Mapping[InputKind, str] = {InputKind.IMAGE: "digits", InputKind.TEXT: "pydoc"}
"""The embedded data set for each kind of input."""

_EXAMPLES: Mapping[InputKind, str] = {
    InputKind.TEXT: "a CSV file with the columns text and label, or a folder with .txt files by class",
    InputKind.SERIES: "a .ts, .npz or .csv file, or a folder with NAME_TRAIN.ts and NAME_TEST.ts",
}


def default_dataset(space: Space) -> str:
    """The embedded data set that fits a space.

    Raises:
      NasctlError: The space has no networks.
    """
    read = input_of(space)
    if read is InputKind.NONE:
        raise NasctlError(f"{space.name} has no networks that could be trained on a data set")
    name = _default_dataset(space)
    if name is None:
        raise NasctlError(
            f"the networks of {space.name} need a data set of {read.plural}",
            hint=f"name one with --dataset: {_EXAMPLES[read]}",
        )
    return name


def _default_dataset(space: Space) -> str | None:
    """The embedded data set that fits a space, or None."""
    read, predicted = input_of(space), targets_of(space)
    wanted = TargetKind.TOKEN if read is InputKind.TEXT else TargetKind.CLASS
    return DEFAULT_DATASETS.get(read) if wanted in predicted else None


def settings_of(task: Task, settings: DataConfig) -> DataConfig:
    """The settings with which a data set was read, with the size of images that was chosen for it."""
    image = task.encoding.image
    if image is None:
        return settings
    size = written_image_size(f"{image.height}x{image.width}")
    return replace(settings, image_size=size, fit=image.fit)


def info_of(task: Task, settings: DataConfig) -> TaskInfo:
    """The data set of a task, as documents state it.

    Args:
      task: The task.
      settings: The settings with which it was read.
    """
    return TaskInfo(task.name, task.signature, task.digest, settings_of(task, settings))


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
      settings: How the examples are read, and which part of them.
      encoding: The encoding of a trained network that is to be measured; by default that of the data set.

    Raises:
      NasctlError: The data set is not available, or the networks of the space read another kind of input.
    """
    name = default_dataset(space) if dataset is None else dataset
    name = name_for(name, input_of(space), next_token=TargetKind.TOKEN in targets_of(space))
    whole = make_task(
        name, data_dir=data_dir, validation_seed=validation_seed, settings=settings, encoding=encoding
    )
    _check_fit(space, whole)
    return part_of(whole, settings.examples)


def _check_fit(space: Space, task: Task) -> None:
    """Checks that the networks of a space read and predict what a task has.

    Raises:
      NasctlError: They do not. The hint names the shipped spaces that do.
    """
    read, predicted = input_of(space), targets_of(space)
    target = TargetKind.TOKEN if task.sequential else task.encoding.target
    if read is InputKind.NONE or (read is task.kind and target in predicted):
        return
    if read is not task.kind:
        message = (
            f"the networks of {space.name} read {read.plural}, but {task.name} is a data set of "
            f"{task.kind.plural}"
        )
    else:
        message = (
            f"the networks of {space.name} predict {' or '.join(kind.plural for kind in predicted)}, "
            f"but the labels of {task.name} are {target.plural}"
        )
    fitting = fitting_spaces(task.kind, target)
    default = _default_dataset(space)
    ways = ["name another one with --dataset"]
    if default is not None:
        ways.append(f"leave it out for {default}")
    if fitting:
        ways.append(f"search a space such as {fitting[0]}")
    raise NasctlError(message, hint=", or ".join(ways))
