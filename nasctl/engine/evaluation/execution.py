"""How a run is executed: detect the machine, resolve the settings, build the executor."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from nasctl.arch_json import TaskInfo
from nasctl.config import Config, SearchConfig
from nasctl.engine.evaluation.fit import Surroundings, check_fit
from nasctl.engine.evaluation.method import ChildTraining, Method
from nasctl.engine.evaluation.settings import choose_executor, jobs_prepared, resolve_settings, runs_alone
from nasctl.errors import NasctlError
from nasctl.executors import (
    Executor,
    GroupExecutor,
    InlineExecutor,
    Machine,
    PoolExecutor,
    ProcessBackend,
    detect_machine,
    detect_processor,
)
from nasctl.jax_start import check_flags, check_platforms
from nasctl.process import import_path, leave_devices_to_workers, worker_environment
from nasctl.store import RunFolder

StartExecutor = Callable[[RunFolder], Executor]
"""Starts the executor of a run; its workers write their logs into the run folder."""


@dataclass(frozen=True)
class Execution:
    """How the architectures of a run are evaluated.

    Attributes:
      config: The settings of the run, with every default resolved.
      measured_on: The data set on which costs are computed; None if it is not known.
      memory: Largest estimated memory of a child in bytes, besides that of its examples; 0 for no limit.
      start: Starts the executor.
    """

    config: Config
    measured_on: TaskInfo | None
    memory: int
    start: StartExecutor


def plan_execution(config: Config, method: Method) -> Execution:
    """Decides how a run is executed.

    Args:
      config: The user's settings.
      method: How an architecture is evaluated.

    Raises:
      NasctlError: The settings contradict each other, or need a device or package that is not available.
    """
    check_flags()
    machine = _detect(config.search, method).limited(config.search.memory_gigabytes)
    if machine.platform == "cpu":  # otherwise JAX was asked in a process of its own
        check_platforms()
    resolved = resolve_settings(
        config, machine, trains=method.trains, can_group=method.can_group, named=method.named
    )
    memory = 0
    if isinstance(method, ChildTraining):
        method = replace(method, memory=_memory_of_a_child(resolved.search, machine))
        memory = method.memory_of_network
        check_fit(method.space, _surroundings(resolved, method, machine))
    return Execution(
        config=resolved,
        measured_on=method.measured_on,
        memory=memory,
        start=_executor(resolved.search, method, machine),
    )


def _detect(search: SearchConfig, method: Method) -> Machine:
    """The machine, or the cluster, on which the children of a search are evaluated."""
    match choose_executor(search, trains=method.trains, named=method.named):
        case "ray":
            if importlib.util.find_spec("ray") is None:
                raise NasctlError("Ray is not installed", hint="pip install 'nasctl[ray]'")
            from nasctl.executors.ray_backend import detect_cluster

            return detect_cluster(search.ray_address)
        case executor if not method.trains and (executor == "inline" or runs_alone(search)):
            # A function has no use for an accelerator, and finding one takes seconds.
            return detect_processor()
        case _:
            return detect_machine()


def _memory_of_a_child(search: SearchConfig, machine: Machine) -> int:
    """Bytes of memory that a worker may use; 0 if there is no limit, or it is not known."""
    if search.children_per_device > 1:
        return 0
    return int(search.child_gigabytes * 1e9) or machine.share(search.workers)


def _surroundings(config: Config, method: ChildTraining, machine: Machine) -> Surroundings:
    """What the children of a search are trained with."""
    alone = method if config.search.child_gigabytes else replace(method, memory=machine.share(1))
    return Surroundings(
        name=method.task.name,
        signature=method.task.signature,
        batch=config.training.batch,
        memory=method.memory_of_network,
        alone=alone.memory_of_network,
        resizable=method.task.encoding.image is not None,
    )


def _executor(search: SearchConfig, method: Method, machine: Machine) -> StartExecutor:
    """Returns the function that starts the executor of the resolved settings."""
    if search.children_per_device > 1:
        return _in_groups(method, search.children_per_device)
    match search.executor:
        case "ray":
            return _on_cluster(search, method, machine)
        case "local":
            return _in_processes(search, method, machine)
        case _:
            evaluator = method.evaluator()
            return lambda _: InlineExecutor(evaluator)


def _in_groups(method: Method, size: int) -> StartExecutor:
    assert isinstance(method, ChildTraining)
    evaluator = method.group_evaluator(size)
    return lambda _: GroupExecutor(evaluator, size)


def _in_processes(search: SearchConfig, method: Method, machine: Machine) -> StartExecutor:
    spec = method.spec()
    shared = worker_environment()
    environments = [{**shared, **machine.environment(worker)} for worker in range(search.workers)]
    if machine.platform != "cpu":
        leave_devices_to_workers()
    # The only worker of a function has its next job at hand. Of several, the first that is free takes it.
    queued = jobs_prepared("local", machine) if method.trains or search.workers > 1 else min(search.ahead, 1)

    def start(folder: RunFolder) -> Executor:
        backend = ProcessBackend(
            spec, environments, path=import_path(), gigabytes=search.child_gigabytes, logs=folder.logs
        )
        return PoolExecutor(backend, ahead=queued, seconds=search.child_seconds)

    return start


def _on_cluster(search: SearchConfig, method: Method, machine: Machine) -> StartExecutor:
    from nasctl.executors.ray_backend import RayBackend

    backend = RayBackend(
        method.spec(),
        workers=search.workers,
        on_gpus=machine.platform == "gpu",
        environment={**worker_environment(), "PYTHONPATH": os.pathsep.join(import_path())},
        gigabytes=search.child_gigabytes,
    )
    return lambda _: PoolExecutor(backend, seconds=search.child_seconds)
