"""A search from start to end, as one call, and the run that it leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np

from nasctl.architecture import Architecture, TaskRecord, versions
from nasctl.config import Config, resolve
from nasctl.dialects import load_space, parse_space
from nasctl.engine.child_evaluator import ChildEvaluator
from nasctl.engine.function_evaluator import EvaluateFunction, FunctionEvaluator, import_evaluator
from nasctl.engine.group_size import with_group_size
from nasctl.engine.listener import Listener
from nasctl.engine.loop import Search
from nasctl.engine.task_of_space import task_of
from nasctl.errors import NasctlError
from nasctl.executors import Evaluator, Executor, GroupExecutor, InlineExecutor
from nasctl.graph import Cost
from nasctl.space import Space, sample_uniform
from nasctl.store import RunFolder, Trial, next_run
from nasctl.training import Nursery

RUNS = Path("runs")
STATIC_MEASURES = frozenset(field.name for field in fields(Cost))

Settings = Mapping[str, Mapping[str, object]]
"""Settings by section and key, as `nasctl.config.resolve` takes them."""


@dataclass(frozen=True)
class Run:
    """The folder of a run, as data.

    Attributes:
      folder: Where it is.
      stopped: Why the search stopped, where this process ran it.
    """

    folder: Path
    stopped: str = ""

    @cached_property
    def trials(self) -> list[Trial]:
        """All trials, in the order of their numbers."""
        store = RunFolder.open(self.folder).trials(read_only=True)
        try:
            return store.trials()
        finally:
            store.close()

    @property
    def best(self) -> Trial | None:
        """The complete trial with the largest reward, the earliest of equals."""
        complete = [trial for trial in self.trials if trial.reward is not None]
        return max(complete, key=lambda trial: trial.reward or 0.0, default=None)

    @cached_property
    def best_architecture(self) -> Architecture:
        """The architecture of the best trial.

        Raises:
          NasctlError: No trial is complete yet.
        """
        return Architecture.load(self.folder)


def search(
    space: Space | str | Path,
    evaluate: EvaluateFunction | str | None = None,
    *,
    controller: str | None = None,
    trials: int | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Run:
    """Searches a space in a new run folder.

    Args:
      space: A space, or the path of its file.
      evaluate: The reward of an architecture, as a function or as `MODULE:FUNCTION`; unless given, children are
        trained on the data set.
      controller: `reinforce` or `random`.
      trials: Number of trials after which the search stops.
      seed: Decides everything random.
      out: The run folder; unless given, the next free one under `runs/`.
      dataset: Name of the data set, or path of one; the embedded one that fits the space unless given.
      data_dir: Where data sets are kept.
      settings: Settings that take precedence over the space file's.
      listener: Hears of each step.

    Raises:
      NasctlError: Something given cannot be used.
      WorkFailed: The search had to give up; the trials until then are in the folder.
    """
    space = space if isinstance(space, Space) else load_space(space)
    shortcuts: dict[str, dict[str, object]] = {"search": {}, "controller": {}}
    if trials is not None:
        shortcuts["search"]["trials"] = trials
    if controller is not None:
        shortcuts["controller"]["kind"] = controller
    config = resolve(space.defaults, settings or {}, shortcuts)
    config = with_group_size(space, config) if evaluate is None else config
    evaluator, task, executor = _evaluator(space, config, evaluate, dataset, data_dir, listener)
    folder = RunFolder.create(
        Path(out) if out is not None else next_run(RUNS, space.name),
        space,
        config,
        seed=seed,
        dataset=task.dataset if task else None,
        evaluator=evaluate if isinstance(evaluate, str) else None,
        versions=versions(),
    )
    search = Search(
        space, evaluator, config, folder, seed=seed, task=task, executor=executor, listener=listener
    )
    return Run(folder.path, search.run())


def resume(
    out: str | Path,
    evaluate: EvaluateFunction | str | None = None,
    *,
    data_dir: Path | None = None,
    budget: Mapping[str, object] | None = None,
    listener: Listener | None = None,
) -> Run:
    """Goes on with a run that was interrupted or has used up its budget.

    Args:
      out: The run folder.
      evaluate: Needed again where the run was started with a function.
      data_dir: Where data sets are kept.
      budget: New values for settings of the section `search`; all else stays as the run was started.
      listener: Hears of each step.

    Raises:
      NasctlError: It is no run folder, or something given cannot be used.
      WorkFailed: The search had to give up.
    """
    folder = RunFolder.open(Path(out))
    facts = folder.facts()
    config = resolve(facts["config"], {"search": budget or {}})
    space = parse_space(folder.space_text(), name=facts["space"], path=str(folder.path / "space.nas"))
    if space.hash != facts["space_hash"]:
        raise NasctlError(
            f"{folder.path / 'space.nas'} is not the space that the run was started with",
            hint="put it back as it was, or start a new run",
        )
    evaluator, task, executor = _evaluator(
        space, config, evaluate or facts["evaluator"], facts["dataset"], data_dir, listener
    )
    folder.write_config(config)
    search = Search(
        space, evaluator, config, folder, seed=facts["seed"], task=task, executor=executor, listener=listener
    )
    return Run(folder.path, search.run())


def _evaluator(
    space: Space,
    config: Config,
    evaluate: EvaluateFunction | str | None,
    dataset: str | None,
    data_dir: Path | None,
    listener: Listener | None,
) -> tuple[Evaluator, TaskRecord | None, Executor]:
    """The evaluator, what the networks are measured on where that is known, and where they run."""
    if evaluate is None:
        _check_networks(space)
        task = task_of(space, dataset, data_dir=data_dir)
        width = config.search.children_per_device
        nursery = Nursery(space, task, config.training, width) if width > 1 else None
        children = ChildEvaluator(task, config.training, listener=listener, nursery=nursery)
        executor: Executor = GroupExecutor(children, width) if nursery else InlineExecutor()
        return children, children.task, executor
    function = import_evaluator(evaluate) if isinstance(evaluate, str) else FunctionEvaluator(evaluate)
    if dataset is not None:
        signature = task_of(space, dataset, data_dir=data_dir).signature
        return function, TaskRecord(dataset, signature), InlineExecutor()
    static = [constraint for constraint in space.constraints if constraint.measure in STATIC_MEASURES]
    if static:
        raise NasctlError(
            f"`require {static[0]}` cannot be counted without the shape of the input",
            hint="name the data set that the networks are for with --dataset",
        )
    return function, None, InlineExecutor()


def _check_networks(space: Space) -> None:
    """Refuses a space whose architectures are no networks, before any time is spent."""
    tokens = sample_uniform(space, np.random.default_rng(0))
    try:
        space.decode(tokens).graph  # noqa: B018 decoding is the check
    except NasctlError as error:
        raise NasctlError(error.message, hint="give a function that scores them, with --evaluator") from error
