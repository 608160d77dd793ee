"""An architecture: one token string of a space, everything that is derived from it, and its file `arch.json`."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nasctl.errors import NasctlError
from nasctl.graph import Cost, Graph, Signature, bind, canonical_hash, measure_cost
from nasctl.space import Space, Tokens, Value

if TYPE_CHECKING:
    from nasctl.lowering import Network

FORMAT = "nasctl.architecture"
FORMAT_VERSION = 1


@dataclass(frozen=True)
class Architecture:
    """One token string of a space.

    Attributes:
      space: The space that it belongs to.
      tokens: A valid token string of it (`Space.decode` checks).
    """

    space: Space
    tokens: Tokens

    @cached_property
    def values(self) -> dict[str, Value]:
        """What was decided, by name: active decisions only, anchors as tuples of labels."""
        return self.space.values(self.tokens)

    @cached_property
    def graph(self) -> Graph:
        """The network, not yet bound to a task.

        Raises:
          NasctlError: The dialect has no networks (plain choices).
        """
        return self.space.graph_builder.graph(self.values)

    def cost(self, signature: Signature) -> Cost:
        """Static cost of the network on a task."""
        return measure_cost(bind(self.graph, signature))

    def hash(self, signature: Signature) -> str:
        """Canonical hash: equal for token strings that stand for the same network on a task."""
        return canonical_hash(bind(self.graph, signature))

    def build(self, signature: Signature, *, seed: int = 0) -> Network:
        """The network as a Flax NNX module with freshly drawn parameters.

        Args:
          signature: Shape of the input and number of outputs.
          seed: Seed of the parameters.
        """
        from nasctl.lowering import build  # imports JAX, which reading and drawing do without

        return build(bind(self.graph, signature), seed=seed)

    def document(
        self,
        *,
        task: TaskInfo | None = None,
        results: Mapping[str, object] | None = None,
        origin: Mapping[str, object] | None = None,
    ) -> dict[str, Any]:
        """The architecture as the JSON values of an `arch.json` (`docs/arch.schema.json`).

        Args:
          task: The data set that it was measured on; its cost is stated where this is given.
          results: Measured results, such as the reward and the accuracy on each split.
          origin: Where it comes from, such as the run, the trial and the seed.
        """
        document: dict[str, Any] = {
            "format": FORMAT,
            "version": FORMAT_VERSION,
            "space": {
                "name": self.space.name,
                "dialect": self.space.dialect,
                "hash": self.space.hash,
                "source": self.space.source,
            },
            "tokens": list(self.tokens),
            "values": {name: list(v) if isinstance(v, tuple) else v for name, v in self.values.items()},
        }
        if task is not None:
            document["task"] = {
                "dataset": task.dataset,
                "input_shape": list(task.signature.input_shape),
                "outputs": task.signature.outputs,
            }
            document["cost"] = asdict(self.cost(task.signature))
        document["results"] = dict(results or {})
        document["origin"] = {**(origin or {}), "versions": versions()}
        return document

    def save(
        self,
        path: str | Path,
        *,
        task: TaskInfo | None = None,
        results: Mapping[str, object] | None = None,
        origin: Mapping[str, object] | None = None,
    ) -> None:
        """Writes an `arch.json`; the arguments are those of `document`."""
        save_document(self.document(task=task, results=results, origin=origin), path)

    @staticmethod
    def load(path: str | Path) -> Architecture:
        """Reads the architecture of an `arch.json`, or of a checkpoint or run folder that holds one.

        Raises:
          NasctlError: There is no such file, or it is not a whole and valid `arch.json`.
        """
        return load_document(path).architecture


@dataclass(frozen=True)
class TaskInfo:
    """The data set that an architecture was measured on.

    Attributes:
      dataset: Name of the data set, as `--dataset` takes it.
      signature: What the data set fixes about the network.
    """

    dataset: str
    signature: Signature


@dataclass(frozen=True)
class ArchitectureDocument:
    """What an `arch.json` holds.

    Attributes:
      architecture: The architecture itself.
      task: The data set that it was measured on, if any.
      results: Measured results by name.
      origin: Where it comes from, the versions included.
      path: The file that it was read from.
    """

    architecture: Architecture
    task: TaskInfo | None
    results: Mapping[str, Any]
    origin: Mapping[str, Any]
    path: Path


def save_document(document: Mapping[str, Any], path: str | Path) -> None:
    """Writes the JSON values of an `arch.json`."""
    Path(path).write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")


def find_document(path: str | Path) -> Path:
    """The `arch.json` that a path means: the file itself, or the one in a checkpoint or run folder.

    Raises:
      NasctlError: There is none.
    """
    path = Path(path)
    candidates = (path / "arch.json", path / "best" / "arch.json") if path.is_dir() else (path,)
    for candidate in candidates:
        if candidate.is_file():
            return candidate
    if path.is_dir():
        raise NasctlError(
            f"{path} holds no architecture",
            hint="give an arch.json, a checkpoint folder, or the folder of a run with at least one finished trial",
        )
    raise NasctlError(f"there is no file {path}")


def load_document(path: str | Path) -> ArchitectureDocument:
    """Reads an `arch.json`, or the one of a checkpoint or run folder.

    Raises:
      NasctlError: There is no such file, or it is not a whole and valid `arch.json`.
    """
    file = find_document(path)
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise NasctlError(f"{file} cannot be read: {error}") from error
    except json.JSONDecodeError as error:
        raise NasctlError(
            f"{file}:{error.lineno}:{error.colno}: this is not JSON ({error.msg})",
            hint="the file may be cut short; write it again, or take the copy in the run's best/ folder",
        ) from error
    return document_from_json(content, file)


def document_from_json(content: object, path: Path) -> ArchitectureDocument:
    """Checks the JSON values of an `arch.json` and decodes them; `path` is for messages.

    Raises:
      NasctlError: They are not a valid document.
    """
    from nasctl.dialects import parse_space

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
    space_entry = _entry(content, "space", dict, path)
    space = parse_space(
        _entry(space_entry, "source", str, path),
        name=_entry(space_entry, "name", str, path),
        path=f"{path} (space)",
    )
    if space.hash != _entry(space_entry, "hash", str, path):
        raise NasctlError(
            f"the space in {path} does not have the hash that the file states",
            hint="the file was edited, or written by a nasctl whose language differs",
        )
    tokens = _entry(content, "tokens", list, path)
    if not all(isinstance(token, int) and not isinstance(token, bool) for token in tokens):
        raise NasctlError(f"{path}: the tokens must be whole numbers")
    try:
        architecture = space.decode(tokens)
    except NasctlError as error:
        raise NasctlError(f"{path}: {error.message}", hint=error.hint) from error
    return ArchitectureDocument(
        architecture=architecture,
        task=_task_info(content, path),
        results=_entry(content, "results", dict, path) if "results" in content else {},
        origin=_entry(content, "origin", dict, path) if "origin" in content else {},
        path=path,
    )


def versions() -> dict[str, str]:
    """Versions of nasctl, Python and the packages that results depend on."""
    packages = {name: metadata.version(name) for name in ("nasctl", "jax", "flax", "optax")}
    return {"python": platform.python_version(), **packages}


def _task_info(content: Mapping[str, Any], path: Path) -> TaskInfo | None:
    if "task" not in content:
        return None
    task = _entry(content, "task", dict, path)
    shape = _entry(task, "input_shape", list, path)
    if not shape or not all(isinstance(size, int) and size > 0 for size in shape):
        raise NasctlError(f"{path}: the task's input_shape must be a list of positive whole numbers")
    signature = Signature(tuple(shape), _entry(task, "outputs", int, path))
    return TaskInfo(_entry(task, "dataset", str, path), signature)


def _entry(content: Mapping[str, Any], key: str, kind: type, path: Path) -> Any:
    value = content.get(key)
    if not isinstance(value, kind):
        state = "is missing" if value is None else f"is not {_KINDS[kind]}"
        raise NasctlError(f'{path}: "{key}" {state}', hint="the file may be damaged or edited")
    return value


_KINDS: Mapping[type, str] = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}
