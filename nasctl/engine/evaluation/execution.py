"""How the architectures of a run are evaluated: by which executor, on what, and what follows from it for the search."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np

from nasctl.arch_json import TaskInfo
from nasctl.architecture import Architecture
from nasctl.config import Config, SearchConfig
from nasctl.engine.evaluation import evaluator_specs
from nasctl.engine.evaluation.child_evaluator import ChildEvaluator, GroupOfChildren
from nasctl.engine.evaluation.function_evaluator import EvaluateFunction, FunctionEvaluator, import_evaluator
from nasctl.engine.evaluation.group_size import with_group_size
from nasctl.engine.evaluation.task_of_space import task_of
from nasctl.errors import NasctlError
from nasctl.executors import (
    EvaluatorSpec,
    Executor,
    GroupExecutor,
    InlineExecutor,
    Machine,
    PoolExecutor,
    ProcessBackend,
    detect_machine,
)
from nasctl.graph import Cost
from nasctl.process import leave_devices_to_workers, worker_environment
from nasctl.space import Space, sample_uniform
from nasctl.store import RunFolder
from nasctl.training import GroupTrainer

STATIC_MEASURES = frozenset(field.name for field in fields(Cost))


@dataclass(frozen=True)
class Execution:
    """How the architectures of a run are evaluated.

    Attributes:
      config: The settings of the run, with what was left to the machine decided.
      task: What the networks are measured on; None where that is not known.
      memory: Bytes that a child may take by its estimate; 0 for no limit.
      start: Makes the executor of a run folder.
    """

    config: Config
    task: TaskInfo | None
    memory: int
    start: Callable[[RunFolder], Executor]


def of_children(space: Space, config: Config, dataset: str | None, data_dir: Path | None) -> Execution:
    """Children are trained on a data set: in worker processes unless the settings say otherwise.

    Raises:
      NasctlError: The architectures are no networks, or the data set does not fit them.
    """
    _check_networks(space)
    task = task_of(space, dataset, data_dir=data_dir)
    record = TaskInfo(task.name, task.signature)
    machine = detect_machine()
    config = with_group_size(space, config, machine.platform)
    width = config.search.children_per_device
    if width > 1:
        group = GroupOfChildren(GroupTrainer(space, task, config.training, width))
        config = _decide(config, executor="inline", workers=1, ahead=0)
        return Execution(config, record, 0, lambda _: GroupExecutor(group, width))
    kind = config.search.executor.replace("auto", "local")
    if kind == "inline":
        children = ChildEvaluator(task, config.training)
        config = _decide(config, executor=kind, workers=1, ahead=InlineExecutor.capacity - 1)
        return Execution(config, record, _memory(config.search, machine), lambda _: InlineExecutor(children))
    spec = evaluator_specs.children(space, task.name, data_dir, config.training)
    return replace(_on_workers(kind, config, spec), task=record)


def of_function(
    space: Space, config: Config, evaluate: EvaluateFunction | str, dataset: str | None, data_dir: Path | None
) -> Execution:
    """A function gives the reward: in this process unless the settings ask for several workers.

    Raises:
      NasctlError: There is no such function, or a constraint needs a data set that is not named.
    """
    record = None
    if dataset is not None:
        record = TaskInfo(dataset, task_of(space, dataset, data_dir=data_dir).signature)
    static = [constraint for constraint in space.constraints if constraint.measure in STATIC_MEASURES]
    if static and record is None:
        raise NasctlError(
            f"`require {static[0]}` cannot be counted without the shape of the input",
            hint="name the data set that the networks are for with --dataset",
        )
    function = import_evaluator(evaluate) if isinstance(evaluate, str) else FunctionEvaluator(evaluate)
    kind = config.search.executor.replace("auto", "local" if config.search.workers > 1 else "inline")
    if kind == "inline":
        config = _decide(config, executor=kind, workers=1, ahead=0)
        return Execution(config, record, 0, lambda _: InlineExecutor(function))
    if not isinstance(evaluate, str):
        raise NasctlError(
            "a function of this process cannot be called by worker processes",
            hint='name it as "MODULE:FUNCTION", or leave workers and executor out',
        )
    execution = _on_workers(kind, config, evaluator_specs.function(space, evaluate))
    return replace(execution, task=record, memory=0)


def _on_workers(kind: str, config: Config, spec: EvaluatorSpec) -> Execution:
    return _on_cluster(config, spec) if kind == "ray" else _in_processes(config, spec)


def _in_processes(config: Config, spec: EvaluatorSpec) -> Execution:
    search, machine = config.search, detect_machine()
    workers = search.workers or machine.workers
    prepared = 0 if machine.platform == "cpu" else 1  # a core that trains cannot compile at the same time
    capacity = workers * (1 + prepared)
    config = _decide(config, executor="local", workers=workers, ahead=2 * capacity - 1)
    environments = [{**worker_environment(), **machine.environment(worker)} for worker in range(workers)]
    if machine.platform != "cpu":
        leave_devices_to_workers()

    def start(folder: RunFolder) -> Executor:
        backend = ProcessBackend(spec, environments, gigabytes=search.child_gigabytes, logs=folder.logs)
        return PoolExecutor(backend, ahead=prepared, seconds=search.child_seconds)

    return Execution(config, None, _memory(search, machine, workers), start)


def _on_cluster(config: Config, spec: EvaluatorSpec) -> Execution:
    if importlib.util.find_spec("ray") is None:
        raise NasctlError("Ray is not installed", hint="pip install 'nasctl[ray]'")
    from nasctl.executors.ray_backend import RayBackend

    search = config.search
    backend = RayBackend(
        spec,
        address=search.ray_address,
        workers=search.workers,
        environment={**worker_environment(), "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        gigabytes=search.child_gigabytes,
    )
    config = _decide(config, executor="ray", workers=backend.size, ahead=2 * backend.size - 1)
    memory = int(search.child_gigabytes * 1e9)
    return Execution(config, None, memory, lambda _: PoolExecutor(backend, seconds=search.child_seconds))


def _memory(search: SearchConfig, machine: Machine, workers: int = 1) -> int:
    return int(search.child_gigabytes * 1e9) or machine.share(workers)


def _decide(config: Config, *, executor: str, workers: int, ahead: int) -> Config:
    """The settings with where children run, and by how much proposals lead unless that is set."""
    search = config.search
    chosen = search.ahead if search.ahead >= 0 else ahead
    return replace(config, search=replace(search, executor=executor, workers=workers, ahead=chosen))


def _check_networks(space: Space) -> None:
    """Refuses a space whose architectures are no networks, before any time is spent."""
    tokens = sample_uniform(space, np.random.default_rng(0))
    try:
        Architecture.decode(space, tokens).graph  # noqa: B018 decoding is the check
    except NasctlError as error:
        raise NasctlError(error.message, hint="give a function that scores them, with --evaluator") from error
