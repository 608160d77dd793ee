"""The file `arch.json`: one architecture with its space, its results and its origin (`docs/arch.schema.json`).

Only this file imports the dialects to read an architecture: it parses the text of the space.
"""

from __future__ import annotations

import errno
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

from nasctl.config import EARLIER_DATA, DataConfig, TrainingConfig
from nasctl.errors import NasctlError
from nasctl.files import read_json, read_while_replaced, replace_file
from nasctl.files.json_entries import SIZES, entry, sizes, whole_number
from nasctl.files.json_text import read_measures, write_record
from nasctl.graph import Cost, Signature
from nasctl.settings import resolve_recorded
from nasctl.space import Space, Tokens

FORMAT = "nasctl.architecture"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class TaskInfo:
    """The data set on which an architecture was measured.

    Attributes:
      dataset: Name or path of the data set, as in `--dataset`.
      signature: Shape of its examples and number of outputs.
      digest: The digest of its content (`Task.digest`); empty if no network was trained on it.
      settings: How its examples were read.
    """

    dataset: str
    signature: Signature
    digest: str = ""
    settings: DataConfig = EARLIER_DATA


@dataclass(frozen=True)
class ArchitectureDocument:
    """The content of an `arch.json`.

    Attributes:
      space: The space of the architecture.
      tokens: Its token string, which is valid in the space.
      task: The data set on which it was measured, if there is one.
      training: The settings of the training that measured it, by key; None if they are not known.
      results: Measured results by name.
      origin: Where it comes from, with the versions of the packages that made it.
      path: The file.
    """

    space: Space
    tokens: Tokens
    task: TaskInfo | None
    training: Mapping[str, Any] | None
    results: Mapping[str, Any]
    origin: Mapping[str, Any]
    path: Path


def document_to_json(
    space: Space,
    tokens: Tokens,
    *,
    task: TaskInfo | None = None,
    cost: Cost | None = None,
    training: TrainingConfig | None = None,
    results: Mapping[str, object] | None = None,
    origin: Mapping[str, object] | None = None,
) -> dict[str, Any]:
    """The JSON values of an `arch.json`.

    Args:
      space: The space of the architecture.
      tokens: Its token string.
      task: The data set that it was measured on.
      cost: Its static cost on that data set.
      training: The settings of the training that measured it.
      results: Measured results, such as the reward and the accuracy on each split.
      origin: Where it comes from, such as the run, the trial and the seed.
    """
    document: dict[str, Any] = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "space": {
            "name": space.name,
            "dialect": space.dialect,
            "hash": space.hash,
            "source": space.source,
        },
        "tokens": list(tokens),
        "values": _values(space, tokens),
    }
    if task is not None:
        document["task"] = {
            "dataset": task.dataset,
            "input_shape": list(task.signature.input_shape),
            "outputs": task.signature.outputs,
        }
        if task.signature.vocabulary:
            document["task"]["vocabulary"] = task.signature.vocabulary
        if task.digest:
            document["task"]["digest"] = task.digest
        if task.settings != EARLIER_DATA:
            document["task"]["settings"] = asdict(task.settings)
    if cost is not None:
        document["cost"] = asdict(cost)
    if training is not None:
        document["training"] = asdict(training)
    document["results"] = dict(results or {})
    document["origin"] = {**(origin or {}), "versions": versions()}
    return document


def save_document(document: Mapping[str, Any], path: str | Path) -> None:
    """Writes the JSON values of an `arch.json`, or replaces the file.

    Raises:
      WorkFailed: The disk is full.
      NasctlError: The file cannot be written.
    """
    replace_file(path, write_record(document, indent=2) + "\n", follow_link=True)


def find_document(path: str | Path) -> Path:
    """Finds an `arch.json`.

    Args:
      path: The file, or a checkpoint or run folder that contains one.

    Returns:
      The file. It may not exist if `path` is not a folder.

    Raises:
      NasctlError: The folder contains none, or cannot be read.
    """
    path = Path(path)
    if not os.path.isdir(path):
        return path
    for candidate in (path / "arch.json", best_folder(path) / "arch.json"):
        if os.path.lexists(candidate):
            return candidate
    if os.access(path, os.X_OK):
        raise NasctlError(
            f"{path} contains no architecture",
            hint="give an arch.json, a checkpoint folder, or the folder of a run with at least one finished trial",
        )
    raise NasctlError(f"{path} cannot be read: {os.strerror(errno.EACCES)}")


def best_folder(run: Path) -> Path:
    """The folder of a run's best network. While a search replaces it, it is called `best.old` for a moment."""
    best, old = run / "best", run / "best.old"
    return old if os.path.lexists(old) and not os.path.lexists(best) else best


def load_document(path: str | Path) -> ArchitectureDocument:
    """Reads an `arch.json`.

    Args:
      path: The file, or a checkpoint or run folder that contains one.

    Raises:
      NasctlError: The file does not exist, or it is not a complete and valid `arch.json`.
    """
    if os.path.lexists(Path(path) / "run.json"):
        return read_while_replaced(lambda: _load_document(path))
    return _load_document(path)


def _load_document(path: str | Path) -> ArchitectureDocument:
    file = find_document(path)
    content = read_json(
        file, hint="the file may be truncated; write it again, or use the copy in the best/ folder of the run"
    )
    return document_from_json(content, file)


def document_from_json(content: object, path: Path) -> ArchitectureDocument:
    """Checks the JSON values of an `arch.json`.

    Args:
      content: The JSON values.
      path: The file that they come from, for messages.

    Raises:
      NasctlError: They are not a valid document.
    """
    from nasctl.dialects import parse_space  # writing does without the dialects

    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise NasctlError(
            f"{path} is not an architecture file of nasctl", hint=f'those have "format": "{FORMAT}"'
        )
    version = content.get("version")
    if version != FORMAT_VERSION:
        raise NasctlError(
            f"{path} has version {version!r} of the format; this nasctl reads version {FORMAT_VERSION}",
            hint="install the nasctl that wrote it, or a newer one",
        )
    space_entry = entry(content, "space", dict, path)
    space = parse_space(
        entry(space_entry, "source", str, path),
        name=entry(space_entry, "name", str, path),
        path=f"{path} (space)",
    )
    if space.hash != entry(space_entry, "hash", str, path):
        raise NasctlError(
            f"the space in {path} does not have the hash that the file states",
            hint="the file was edited, or written by another version of nasctl",
        )
    tokens = entry(content, "tokens", list, path)
    if not all(isinstance(token, int) and not isinstance(token, bool) for token in tokens):
        raise NasctlError(f"{path}: the tokens must be whole numbers")
    try:
        checked = space.validate(tokens)
    except NasctlError as error:
        raise NasctlError(f"{path}: {error.message}", hint=error.hint) from error
    if "values" in content and content["values"] != _values(space, checked):
        raise NasctlError(
            f'{path}: "values" and "tokens" describe different architectures',
            hint='the file was edited or is damaged; if its tokens are right, delete "values"',
        )
    return ArchitectureDocument(
        space=space,
        tokens=checked,
        task=_task_info(content, path),
        training=_training(content, path),
        results=read_measures(entry(content, "results", dict, path)) if "results" in content else {},
        origin=entry(content, "origin", dict, path) if "origin" in content else {},
        path=path,
    )


def _values(space: Space, tokens: Tokens) -> dict[str, Any]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in space.values(tokens).items()
    }


def versions() -> dict[str, str]:
    """Versions of Python, nasctl and the packages on which results depend."""
    packages = {name: metadata.version(name) for name in ("nasctl", "jax", "flax", "optax")}
    return {"python": platform.python_version(), **packages}


def _task_info(content: Mapping[str, Any], path: Path) -> TaskInfo | None:
    if "task" not in content:
        return None
    task = entry(content, "task", dict, path)
    signature = Signature(
        sizes(task, "input_shape", path),
        whole_number(task, "outputs", SIZES, path),
        whole_number(task, "vocabulary", SIZES, path) if "vocabulary" in task else 0,
    )
    digest = entry(task, "digest", str, path) if "digest" in task else ""
    return TaskInfo(entry(task, "dataset", str, path), signature, digest, settings_of_data(content, path))


def settings_of_data(content: Mapping[str, Any], path: Path) -> DataConfig:
    """How the examples were read on which an architecture was measured.

    Args:
      content: The JSON values of its document. Documents of earlier versions state no settings.
      path: The file that they come from, for messages.

    Raises:
      NasctlError: The settings are not valid.
    """
    task = entry(content, "task", dict, path) if "task" in content else {}
    if "settings" not in task:
        return EARLIER_DATA
    return resolve_recorded({"data": entry(task, "settings", dict, path)}, path).data


def _training(content: Mapping[str, Any], path: Path) -> Mapping[str, Any] | None:
    if "training" not in content:
        return None
    training: Mapping[str, Any] = entry(content, "training", dict, path)
    resolve_recorded({"training": training}, path)
    return training
