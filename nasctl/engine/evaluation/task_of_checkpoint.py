"""The task on which a trained network is measured: the examples of a data set in the encoding of the checkpoint."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nasctl.engine.evaluation.data_place import difference, place_of_run, require_place
from nasctl.engine.evaluation.task_of_space import task_of
from nasctl.errors import NasctlError
from nasctl.space import Space
from nasctl.tasks import Encoding, Task
from nasctl.training import Checkpoint


def task_of_checkpoint(
    checkpoint: Checkpoint, space: Space, dataset: str | None, *, data_dir: Path | None = None
) -> Task:
    """The task on which the network of a checkpoint is measured.

    Images are brought to the size of the training data and normalised with their statistics, classes are matched by
    their names, and a text is read with the vocabulary of the training data, also if the network is measured on another
    data set. Splits are whole, also if the network was trained on a part.

    Args:
      checkpoint: The checkpoint.
      space: The space of its architecture.
      dataset: Name or path of the data set. Default: the one that the network was trained on, if its content is
        unchanged.
      data_dir: The folder of prepared data sets.

    Raises:
      NasctlError: The data set is not available, does not fit the network, or has changed since the training.
    """
    encoding = checkpoint.encoding
    if encoding is None and dataset is not None:
        encoding = _recomputed(checkpoint, space, data_dir)
    name = dataset
    if name is None:
        name = place_of_run(checkpoint.folder / "arch.json", checkpoint.digest) or checkpoint.dataset
        require_place(name, f"the checkpoint {checkpoint.folder}")
    task = task_of(
        space,
        name,
        data_dir=data_dir,
        validation_seed=checkpoint.validation_seed,
        settings=replace(checkpoint.data, examples=0.0),
        encoding=encoding,
    )
    if dataset is None and checkpoint.digest not in ("", task.digest):
        raise NasctlError(
            f"the data set {name} has changed since {checkpoint.folder} was trained on it, so its splits are not "
            f"those of the training{difference(task.digest, checkpoint.digest)}",
            hint="restore it; to measure the network on the changed data set all the same, name it with --dataset",
        )
    return task


def _recomputed(checkpoint: Checkpoint, space: Space, data_dir: Path | None) -> Encoding:
    """The encoding of a checkpoint of version 0.1.0, which states only the name of its data set."""
    try:
        trained_on = task_of(
            space,
            checkpoint.dataset,
            data_dir=data_dir,
            validation_seed=checkpoint.validation_seed,
            settings=checkpoint.data,
        )
    except NasctlError as error:
        raise NasctlError(
            f"the checkpoint {checkpoint.folder} was written by nasctl 0.1.0 and does not contain the normalisation "
            f"and the classes of its data set {checkpoint.dataset}, which cannot be loaded: {error.message}",
            hint=error.hint,
        ) from error
    return trained_on.encoding
