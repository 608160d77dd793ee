"""Saves and loads checkpoints: folders of a network's weights, with JSON that describes them. Nothing is pickled.

- `arch.json`: the architecture, as `Architecture.save` writes it.
- `checkpoint.json`: the format, the data set with its encoding (`nasctl.tasks.Encoding`), the settings and results of
  the training, and checksums: of the weights, of the architecture and of the file itself.
- `weights.npz`: the arrays by name. Earlier versions wrote a folder `weights/` with Orbax, which is still read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from nasctl.arch_json import settings_of_data
from nasctl.bounds import SEEDS
from nasctl.config import DataConfig, TrainingConfig
from nasctl.errors import NasctlError
from nasctl.files import (
    check_writable,
    explain_write_errors,
    read_json,
    replace_file,
)
from nasctl.files.arrays import read_arrays, write_arrays
from nasctl.files.json_entries import SIZES, entry, sizes, whole_number, wrong_entry
from nasctl.files.json_text import read_measures, write_record
from nasctl.files.orbax import read_orbax
from nasctl.graph import Signature
from nasctl.settings import resolve_recorded
from nasctl.target_kind import TargetKind
from nasctl.tasks import Encoding, Task
from nasctl.training.checkpoint_checksums import (
    DAMAGED,
    architecture_checksum,
    check_files,
    file_checksums,
    metadata_checksum,
)
from nasctl.training.encoding_json import encoding_from_json, words_of
from nasctl.training.weights import Buildable, Weights, abstract_network, split_network

FORMAT = 3
"""Increased when the version before can no longer read what is written, or would misread it.

Format 1 was that of version 0.1.0. Format 2 had encodings of images in classes that were not brought to a size, and of
texts; they are still written in it."""


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """The content of a checkpoint.

    Attributes:
      folder: The folder that it was read from.
      document: The architecture, as JSON.
      dataset: Name or path of the data set that it was trained on.
      digest: The digest of that data set's content (`Task.digest`); empty in checkpoints of earlier versions.
      encoding: How its examples become inputs and labels; None in checkpoints of earlier versions.
      validation_seed: Seed of the validation split.
      data: How the examples were read, as the document states.
      signature: Shape of the inputs and number of outputs.
      config: The settings of its training.
      metrics: The results that were saved with it, by name.
      arrays: The weights by name.
    """

    folder: Path
    document: Mapping[str, Any]
    dataset: str
    digest: str
    encoding: Encoding | None
    validation_seed: int
    data: DataConfig
    signature: Signature
    config: TrainingConfig
    metrics: Mapping[str, float]
    arrays: Mapping[str, np.ndarray]

    def weights_for(self, architecture: Buildable, task: Task) -> Weights:
        """The weights, after a check that they fit the architecture and the task.

        Raises:
          NasctlError: The task has other shapes, or the weights are those of another architecture.
        """
        if task.signature != self.signature:
            raise NasctlError(
                f"the checkpoint {self.folder} takes {words_of(self.signature, self.encoding)}; "
                f"{task.name} has {words_of(task.signature, task.encoding)}"
            )
        _, template = split_network(abstract_network(architecture, task))
        leaves_with_paths, structure = jax.tree.flatten_with_path(template)
        template_leaves = {_name(path): leaf for path, leaf in leaves_with_paths}
        for name, leaf in template_leaves.items():
            stored = self.arrays.get(name)
            shape = jax.eval_shape(_to_store, leaf).shape
            if stored is None or stored.shape != shape:
                difference = (
                    "is missing" if stored is None else f"has the shape {stored.shape} instead of {shape}"
                )
                raise NasctlError(
                    f"the weights in {self.folder} are not those of its arch.json: {name} {difference}",
                    hint="one of the two was replaced; train the architecture again with nasctl train",
                )
        if unknown := sorted(set(self.arrays) - set(template_leaves)):
            raise NasctlError(
                f"the weights in {self.folder} are not those of its arch.json, which has no {unknown[0]}",
                hint="one of the two was replaced; train the architecture again with nasctl train",
            )
        leaves = [_from_store(self.arrays[name], leaf) for name, leaf in template_leaves.items()]
        weights: Weights = jax.tree.unflatten(structure, leaves)
        return weights


def check_saveable(folder: Path) -> None:
    """Checks, before long work, that a checkpoint can be written. Creates the folder that it will be in.

    Args:
      folder: The folder of the checkpoint.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The folder cannot be written, or exists and is not a checkpoint.
    """
    check_writable(folder, parents=True)
    check_writable(_previous(folder))  # its name is longer
    if os.path.lexists(folder) and not os.path.lexists(folder / "checkpoint.json"):
        with explain_write_errors(folder):
            is_empty = os.path.isdir(folder) and not os.path.islink(folder) and not os.listdir(folder)
        if not is_empty:
            raise NasctlError(
                f"{folder} already exists and is not a checkpoint", hint="name a folder that does not exist"
            )


def save_checkpoint(
    folder: Path,
    weights: Weights,
    *,
    document: Mapping[str, Any],
    task: Task,
    config: TrainingConfig,
    metrics: Mapping[str, float] | None = None,
) -> None:
    """Writes a checkpoint and replaces an older one. A process that is killed leaves one of the two intact.

    Args:
      folder: The folder to write.
      weights: The weights, such as `TrainedChild.weights`.
      document: The architecture, as JSON.
      task: The task that it was trained on.
      config: The settings of its training.
      metrics: Results to save with it, by name.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The folder cannot be written, or exists and is not a checkpoint.
    """
    with explain_write_errors(folder):
        folder = Path(folder).absolute()
        check_saveable(folder)
        made = Path(tempfile.mkdtemp(prefix=".nasctl-", dir=folder.parent))
    try:
        named, _ = jax.tree.flatten_with_path(weights)
        write_arrays(made / "weights.npz", {_name(path): np.asarray(_to_store(leaf)) for path, leaf in named})
        metadata: dict[str, Any] = {
            "format": _format_of(task.encoding),
            "dataset": task.name,
            "digest": task.digest,
            "encoding": asdict(task.encoding),
            "architecture": architecture_checksum(document),
            "validation_seed": task.validation_seed,
            "signature": asdict(task.signature),
            "training": asdict(config),
            "metrics": dict(metrics or {}),
            "files": file_checksums(made),
            "versions": {name: version(name) for name in ("jax", "flax")},
        }
        replace_file(made / "arch.json", write_record(document, indent=2) + "\n")
        metadata["checksum"] = metadata_checksum(metadata)
        replace_file(made / "checkpoint.json", write_record(metadata, indent=2) + "\n")
        with explain_write_errors(folder):
            made.chmod(0o755)  # mkdtemp creates folders that only their owner can open
            _replace(folder, made)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def load_checkpoint(folder: Path) -> Checkpoint:
    """Reads a checkpoint.

    Raises:
      NasctlError: The folder does not exist, is not a checkpoint, was written by a newer version, or is damaged.
    """
    folder = Path(folder)
    previous = _previous(folder)
    # a save may have been killed between its two renames
    if not os.path.lexists(folder) and os.path.lexists(previous):
        folder = previous
    file = folder / "checkpoint.json"
    metadata = _read_json(folder, "checkpoint.json")
    document = _read_json(folder, "arch.json")
    written = metadata.get("format")
    if not isinstance(written, int) or isinstance(written, bool) or written < 1:
        raise _foreign(folder)
    if written > FORMAT:
        raise NasctlError(f"the checkpoint {folder} was written by a newer nasctl", hint="upgrade nasctl")
    check_files(folder, entry(metadata, "files", dict, file))
    described = entry(metadata, "signature", dict, file)
    signature = Signature(
        sizes(described, "input_shape", file),
        whole_number(described, "outputs", SIZES, file),
        whole_number(described, "vocabulary", SIZES, file) if described.get("vocabulary") else 0,
    )
    checkpoint = Checkpoint(
        folder=folder,
        document=document,
        dataset=entry(metadata, "dataset", str, file),
        digest=entry(metadata, "digest", str, file) if written > 1 else "",
        encoding=encoding_from_json(entry(metadata, "encoding", dict, file), signature, file, hint=DAMAGED)
        if written > 1
        else None,
        validation_seed=whole_number(metadata, "validation_seed", SEEDS, file),
        data=settings_of_data(document, folder / "arch.json"),
        signature=signature,
        config=resolve_recorded({"training": entry(metadata, "training", dict, file)}, file).training,
        metrics=_metrics(metadata, file),
        arrays=_read_arrays(folder),
    )
    if written > 1:
        if metadata.get("architecture") != architecture_checksum(document):
            raise NasctlError(
                f"{folder / 'arch.json'} is not the architecture that the weights were trained for",
                hint="restore the file, or train the architecture with nasctl train",
            )
        if metadata.get("checksum") != metadata_checksum(metadata):
            raise NasctlError(
                f"{file} is damaged: it does not have the checksum that it states", hint=DAMAGED
            )
    return checkpoint


def _metrics(metadata: Mapping[str, Any], file: Path) -> dict[str, float]:
    metrics = read_measures(entry(metadata, "metrics", dict, file))
    for name, value in metrics.items():
        if not isinstance(value, int | float):
            raise wrong_entry(name, value, "a number", file)
    return {name: float(value) for name, value in metrics.items()}


def _read_json(folder: Path, name: str) -> dict[str, Any]:
    file = folder / name
    if not os.path.lexists(folder):
        raise NasctlError(f"the checkpoint {folder} does not exist")
    if not os.path.isdir(folder):
        raise NasctlError(f"{folder} is a file; a checkpoint is a folder")
    if not os.path.lexists(file):
        raise _foreign(folder)
    content = read_json(file, hint=DAMAGED)
    if not isinstance(content, dict):
        raise NasctlError(f"{file} is damaged: it is not a JSON object", hint=DAMAGED)
    return content


def _foreign(folder: Path) -> NasctlError:
    inside = [path for path in (folder / "best" / "checkpoint", folder / "checkpoint") if os.path.isdir(path)]
    hint = (
        f"did you mean {inside[0]}?"
        if inside
        else "it is the folder that nasctl train writes, or RUN/best/checkpoint"
    )
    return NasctlError(f"{folder} is not a checkpoint of nasctl", hint=hint)


def _read_arrays(folder: Path) -> dict[str, np.ndarray]:
    file = folder / "weights.npz"
    return read_arrays(file) if file.exists() else read_orbax(folder / "weights")


def _replace(folder: Path, made: Path) -> None:
    previous = _previous(folder)
    shutil.rmtree(previous, ignore_errors=True)
    if folder.exists():
        os.rename(folder, previous)
    os.rename(made, folder)
    shutil.rmtree(previous, ignore_errors=True)


def _previous(folder: Path) -> Path:
    return folder.parent / f".{folder.name}.previous"


def _name(path: tuple[Any, ...]) -> str:
    """`parameters/blocks/0/conv/kernel`."""
    return jax.tree_util.keystr(path, simple=True, separator="/")


def _to_store(leaf: Any) -> Any:
    """The array that is stored for a leaf: for a random key, its data."""
    return jax.random.key_data(leaf) if jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key) else leaf


def _from_store(array: np.ndarray, template: Any) -> Any:
    if jnp.issubdtype(template.dtype, jax.dtypes.prng_key):
        return jax.random.wrap_key_data(jnp.asarray(array))
    return jnp.asarray(array, template.dtype)


def _format_of(encoding: Encoding) -> int:
    """The oldest format that can state an encoding."""
    known = Encoding(encoding.class_names, encoding.mean, encoding.deviation, encoding.target)
    return 2 if encoding == known and encoding.target in (TargetKind.CLASS, TargetKind.TOKEN) else FORMAT
