"""What an architecture is trained with again: the data set and the settings that it was found with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from nasctl.arch_json import ArchitectureDocument
from nasctl.config import DataConfig
from nasctl.engine.evaluation.data_place import difference, place_of_run, require_place
from nasctl.engine.evaluation.task_of_space import task_of
from nasctl.errors import NasctlError
from nasctl.settings import resolve
from nasctl.store import RunFolder
from nasctl.tasks import Task
from nasctl.training import load_checkpoint


def recorded_training(found: ArchitectureDocument) -> tuple[Mapping[str, object], str]:
    """The settings of the training that measured an architecture, and where they are recorded.

    The file itself states them. For a file of version 0.1.0, they are those of its checkpoint, of its run, or of its
    space.

    Args:
      found: The architecture.

    Returns:
      The settings of the section `training` by key, and the name of their source for messages.

    Raises:
      NasctlError: The checkpoint or the run of the architecture is damaged.
    """
    if found.training is not None:
        return found.training, str(found.path)
    folder = found.path.absolute().parent
    if (folder / "checkpoint.json").is_file():
        return asdict(load_checkpoint(folder).config), str(found.path.parent)
    if run := run_of(found.path):
        return asdict(RunFolder(run).config().training), str(run)
    return found.space.defaults.get("training", {}), f"the space {found.space.name}"


def run_of(document: Path) -> Path | None:
    """The folder of the run whose best architecture is in this file; None if it is not that of a run."""
    folder = document.parent
    return (
        folder.parent
        if folder.name in ("best", "best.old") and (folder.parent / "run.json").is_file()
        else None
    )


def recorded_data(found: ArchitectureDocument) -> Mapping[str, object]:
    """The settings of the section `data` with which an architecture is trained again, by key.

    They are those with which it was measured, but for the number of examples: all are used.
    """
    if found.task is None:
        return {**found.space.defaults.get("data", {}), "examples": 0}
    return {**asdict(found.task.settings), "examples": 0}


def task_to_train(
    found: ArchitectureDocument,
    dataset: str | None,
    *,
    data_dir: Path | None = None,
    settings: DataConfig | None = None,
) -> Task:
    """The task that an architecture is trained on.

    Args:
      found: The architecture.
      dataset: Name or path of the data set. Default: the one that it was measured on, if its content is unchanged.
      data_dir: The folder of prepared data sets.
      settings: How the examples are read. Default: `recorded_data`.

    Raises:
      NasctlError: The data set is not available, does not fit the networks, or has changed.
    """
    if settings is None:
        settings = resolve({"data": recorded_data(found)}).data
    if dataset is not None or found.task is None:
        return task_of(found.space, dataset, data_dir=data_dir, settings=settings)
    measured = found.task
    place = place_of_run(found.path, measured.digest) or measured.dataset
    require_place(place, f"the architecture in {found.path}")
    task = task_of(found.space, place, data_dir=data_dir, settings=settings)
    changed = task.digest != measured.digest if measured.digest else task.signature != measured.signature
    if changed:
        raise NasctlError(
            f"the data set {place} has changed since the architecture in {found.path} was measured on it"
            f"{difference(task.digest, measured.digest)}",
            hint="restore it; to train on the changed data set all the same, name it with --dataset",
        )
    return task
