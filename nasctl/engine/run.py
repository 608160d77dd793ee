"""A whole search as one call, and the run that it creates."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from nasctl.arch_json import versions
from nasctl.architecture import Architecture
from nasctl.bounds import check_seed
from nasctl.config import Config
from nasctl.dialects import load_space, parse_space
from nasctl.engine.evaluation.data_place import require_place
from nasctl.engine.evaluation.execution import Execution, plan_execution
from nasctl.engine.evaluation.function_evaluator import EvaluateFunction
from nasctl.engine.evaluation.method import ChildTraining, Method, call_function, train_children
from nasctl.engine.loop import Search
from nasctl.engine.loop.listener import Listener
from nasctl.engine.resumption import (
    check_same_data,
    check_same_evaluation,
    check_same_seed,
    check_same_space,
    note_versions,
    resumed_config,
    valid_tokens,
)
from nasctl.errors import NasctlError, WorkFailed
from nasctl.files import check_current_folder
from nasctl.foreign_text import name_of_type
from nasctl.settings import Settings, resolve
from nasctl.space import Space, Tokens
from nasctl.store import RUNS, RunFolder, Trial, check_new_run, claim_next_run

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Run:
    """A run and its results.

    Attributes:
      folder: The run folder.
      stopped: Why the search stopped; empty if another process ran it.
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
        """The complete trial with the largest reward; the earliest one if several have it."""
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
    init: Sequence[str | Path] = (),
    listener: Listener | None = None,
) -> Run:
    """Searches a space, in a new run folder.

    Does not change the state of the calling process. To configure it for training as the command line does, call
    `nasctl.configure_process` first.

    Args:
      space: A space, or the path of its file.
      evaluate: Function that returns the reward of an architecture, or its name as `MODULE:FUNCTION`. If it is not
        given, children are trained on the data set.
      controller: `reinforce`, `random`, `local` or `evolution`.
      trials: Number of trials after which the search stops.
      seed: Seed of all random numbers.
      out: The run folder. Default: the next free folder under `runs/`.
      dataset: Name or path of the data set. Default: the embedded one that fits the space.
      data_dir: The folder of prepared data sets.
      settings: Settings that take precedence over the space file's.
      init: Architecture files that are tried first.
      listener: Receives the events of the search.

    Raises:
      NasctlError: An argument cannot be used.
      WorkFailed: The search had to stop; its trials so far are in the run folder.
    """
    seed = check_seed(seed)
    check_current_folder()
    if out is not None:
        check_new_run(Path(out))  # before data are read
    space = space if isinstance(space, Space) else load_space(space)
    shortcuts: dict[str, dict[str, object]] = {"search": {}, "controller": {}}
    if trials is not None:
        shortcuts["search"]["trials"] = trials
    if controller is not None:
        shortcuts["controller"]["kind"] = controller
    config = resolve(space.defaults, settings or {}, shortcuts)
    first = tuple(tokens_of_file(space, path) for path in init)
    method = _method(space, config, evaluate, dataset, data_dir)
    _tell(listener, method)
    execution = plan_execution(replace(config, data=method.data), method)
    folder = RunFolder.create(
        Path(out) if out is not None else claim_next_run(RUNS, space.name),
        space,
        execution.config,
        seed=seed,
        dataset=execution.measured_on.dataset if execution.measured_on else None,
        dataset_digest=execution.measured_on.digest if execution.measured_on else None,
        examples=_counts(method),
        trains=method.trains,
        evaluator=evaluate if isinstance(evaluate, str) else None,
        init=first,
        versions=versions(),
    )
    try:
        return _run(space, folder, execution, seed, first, listener)
    except NasctlError as error:
        # The user corrects the error, such as a mistyped function, and starts the search again.
        if not isinstance(error, WorkFailed):
            folder.discard_unless_started()
        raise


def resume(
    out: str | Path,
    evaluate: EvaluateFunction | str | None = None,
    *,
    space: Space | str | Path | None = None,
    seed: int | None = None,
    dataset: str | None = None,
    data_dir: Path | None = None,
    budget: Mapping[str, object] | None = None,
    settings: Settings | None = None,
    listener: Listener | None = None,
) -> Run:
    """Resumes a run that was interrupted or has used up its budget.

    Args:
      out: The run folder.
      evaluate: Required if the run was started with a function: the function, or the same name. A function is
        never imported only because the run folder names it: the folder may come from an untrusted source.
      space: The space, or the path of its file, for a check that it is the run's. Default: the run's.
      seed: The seed, for a check that it is the run's. Default: the run's.
      dataset: Name or path of the data set, with the content that the run was started with. A new place is recorded.
        Default: the run's.
      data_dir: The folder of prepared data sets.
      budget: New values for settings of the section `search`, such as `{"trials": 100}`.
      settings: New values by section and key. Settings that affect the trials cannot change.
      listener: Receives the events of the search.

    Raises:
      NasctlError: `out` is not a run folder, an argument cannot be used, or a setting may not change.
      WorkFailed: The search had to stop.
    """
    check_current_folder()
    folder = RunFolder.open(Path(out))
    metadata = folder.metadata()
    config = resumed_config(folder, settings or {}, {"search": budget or {}})
    check_same_seed(folder, seed)
    own = parse_space(folder.space_text(), name=metadata["space"], path=str(folder.space_file))
    if own.hash != metadata["space_hash"]:
        raise NasctlError(
            f"{folder.space_file} is not the space that the run was started with",
            hint="restore the file, or start a new run",
        )
    check_same_space(folder, own, load_space(space) if isinstance(space, str | Path) else space)
    first = valid_tokens(folder, own)
    check_same_evaluation(folder, evaluate)
    if dataset is None and metadata["dataset"] is not None:
        require_place(metadata["dataset"], f"the run {folder.path}")
    method = _method(own, config, evaluate, metadata["dataset"] if dataset is None else dataset, data_dir)
    check_same_data(folder, dataset, method.measured_on)
    _tell(listener, method)
    execution = plan_execution(replace(config, data=method.data), method)
    if method.trains:
        note_versions(folder.path, metadata.get("versions"))
    return _run(own, folder, execution, metadata["seed"], first, listener)


def tokens_of_file(space: Space, path: str | Path) -> Tokens:
    """The token string of an architecture file, converted to a space that may differ from the space of the file.

    Raises:
      NasctlError: The space has no such architecture.
    """
    architecture = Architecture.load(path)
    if architecture.space.hash == space.hash:
        return architecture.tokens
    try:
        tokens = space.tokens(architecture.values)
    except NasctlError as error:
        raise NasctlError(
            f"the architecture of {path} is not one of space {space.name}: {error.message}",
            hint="both spaces need decisions of the same names, and its values must be among the choices",
        ) from error
    _log.warning(
        "%s is not of the space %s; the architecture of that space with the same values is tried",
        path,
        space.name,
    )
    return tokens


def _method(
    space: Space,
    config: Config,
    evaluate: EvaluateFunction | str | None,
    dataset: str | None,
    data_dir: Path | None,
) -> Method:
    if evaluate is None:
        return train_children(space, config, dataset, data_dir)
    if not isinstance(evaluate, str) and not callable(evaluate):
        raise NasctlError(
            f"an object of type {name_of_type(evaluate)} cannot evaluate architectures",
            hint="give a function, or its name as MODULE:FUNCTION",
        )
    return call_function(space, evaluate, dataset, data_dir, config.data)


def _tell(listener: Listener | None, method: Method) -> None:
    """Tells a listener on what children will be trained."""
    if listener is not None and isinstance(method, ChildTraining):
        listener.data_read(method.task)


def _counts(method: Method) -> dict[str, int] | None:
    """The number of examples by split; None where no networks are trained."""
    if not isinstance(method, ChildTraining):
        return None
    return {split: len(part) for split, part in method.task.splits.items()}


def _run(
    space: Space,
    folder: RunFolder,
    execution: Execution,
    seed: int,
    first: tuple[Tokens, ...],
    listener: Listener | None,
) -> Run:
    search = Search(
        space,
        execution.start,
        execution.config,
        folder,
        seed=seed,
        task=execution.measured_on,
        init=first,
        memory=execution.memory,
        listener=listener,
    )
    return Run(folder.path, search.run())
