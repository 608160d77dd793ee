"""The fingerprint of a child: everything that its compiled programs depend on, as a string.

Programs with the same fingerprint are the same, so a cached program can be loaded without tracing it again.
"""

from __future__ import annotations

import functools
import hashlib
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import jax

from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.graph import Graph, bind, is_builtin_op
from nasctl.tasks import Task
from nasctl.training.weights import Buildable

_ARGUMENTS = frozenset({"epochs", "learning_rate", "schedule"})
"""Settings that are passed to a program as learning rates, or to XLA as options. All others are compiled in."""

_PACKAGES = ("jax", "jaxlib", "flax", "optax", "numpy", "libtpu")
_PACKAGES_OF_CUDA = ("jax-cuda12-pjrt", "jax-cuda13-pjrt", "nvidia-cudnn-cu12", "nvidia-cudnn-cu13")
_VARIABLES = ("XLA_FLAGS", "LIBTPU_INIT_ARGS")
_PROCESSOR = ("model name", "flags", "CPU implementer", "CPU part", "Features")
_IGNORED_OF_JAX = ("jax_compilation_cache", "jax_persistent_cache", "jax_explain", "jax_log")
_IMPORTED = time.time()


def fingerprint_of(architecture: Buildable, task: Task, config: TrainingConfig) -> str | None:
    """Everything that a child's programs depend on, except for their arguments, XLA's options and the device.

    None if the network, one of its ops or the task is not nasctl's own: its source may change between processes.
    """
    sources = _sources()
    if (
        type(architecture) is not Architecture
        or type(task).__module__.split(".")[0] != "nasctl"
        or not sources
    ):
        return None
    graph = bind(architecture.graph, task.signature)
    if not _is_builtin(graph):
        return None
    training = {name: value for name, value in asdict(config).items() if name not in _ARGUMENTS}
    settings: dict[str, Any] = jax.config.values
    parts = (
        graph,
        (type(task), task.signature, task.sequential, task.measures, task.traced_constants),
        {name: len(examples) for name, examples in task.splits.items()},
        training,
        {name: value for name, value in settings.items() if not name.startswith(_IGNORED_OF_JAX)},
        [os.environ.get(name) for name in _VARIABLES],
        _machine(),
        sources,
    )
    return "\n".join(map(repr, parts))


def _is_builtin(value: object) -> bool:
    """Whether a graph, or an attribute of a node, consists of nasctl's own ops and of plain values."""
    if isinstance(value, Graph):
        return all(
            is_builtin_op(node.op) and all(map(_is_builtin, node.attributes.values())) for node in value.nodes
        )
    if isinstance(value, tuple):
        return all(map(_is_builtin, value))
    return type(value) in (int, float, str, bool)


@functools.cache
def _machine() -> tuple[str, ...]:
    """The versions of Python and the packages, and the processor that the programs are compiled for."""
    return platform.python_version(), *map(_version, _PACKAGES + _PACKAGES_OF_CUDA), *_processor()


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _processor() -> Iterator[str]:
    """What XLA's code depends on: the number of cores that the process may use, the model and its instruction sets."""
    yield str(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count())
    try:
        first, _, _ = Path("/proc/cpuinfo").read_text().partition("\n\n")
    except OSError:
        yield from (platform.machine(), platform.processor())
    else:
        yield from (line for line in first.splitlines() if line.startswith(_PROCESSOR))


@functools.cache
def _sources() -> str:
    """A digest of nasctl's source; empty if a file has changed since it was imported."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for file in sorted(folder.rglob("*.py")):
        if file.stat().st_mtime > _IMPORTED:
            return ""
        content = file.read_bytes()
        digest.update(f"{file.relative_to(folder).as_posix()} {len(content)}\n".encode() + content)
    return digest.hexdigest()
