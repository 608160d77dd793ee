"""Checks that a run is resumed as the same search, so that it has the trials of an uninterrupted one."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from nasctl.arch_json import TaskInfo, versions
from nasctl.config import Config
from nasctl.engine.evaluation.data_place import difference
from nasctl.engine.evaluation.function_evaluator import EvaluateFunction
from nasctl.errors import NasctlError
from nasctl.foreign_text import shell_command
from nasctl.settings import Settings, may_change, resolve, resolve_recorded
from nasctl.space import Space, Tokens
from nasctl.store import RunFolder

_log = logging.getLogger(__name__)

_START_ANEW = "leave it out, or start a new run"


def resumed_config(folder: RunFolder, *changes: Settings) -> Config:
    """The settings of a run with the given changes.

    Raises:
      NasctlError: A setting does not exist, its value does not fit, or it differs and affects the trials.
    """
    recorded = resolve_recorded(_recorded(folder.metadata()["config"]), folder.path / "run.json")
    config = resolve(asdict(recorded), *changes)
    given = {(section, key) for change in changes for section, keys in change.items() for key in keys}
    different = [name for name in _different(recorded, config) if tuple(name.split(".")) in given]
    if different:
        raise CannotChange(different)
    return config


class CannotChange(NasctlError):
    """Settings that a resumed run must keep.

    Attributes:
      names: The settings as `SECTION.KEY`, or the options that the user typed for them.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = tuple(names)
        super().__init__(
            f"{', '.join(names)} cannot change in a run that is resumed",
            hint=f"{_START_ANEW}; budgets, workers and limits may change",
        )


def check_same_seed(folder: RunFolder, seed: int | None) -> None:
    """Checks that a seed is the run's; None stands for the run's.

    Raises:
      NasctlError: It is another one.
    """
    recorded = folder.metadata()["seed"]
    if seed is not None and seed != recorded:
        raise NasctlError(f"the seed of {folder.path} is {recorded}, not {seed}", hint=_START_ANEW)


def check_same_space(folder: RunFolder, own: Space, given: Space | None) -> None:
    """Checks that a space describes the same architectures, with the same settings that affect the trials.

    Args:
      folder: The run.
      own: The space that the run searches.
      given: The space that the user names; None for the run's.

    Raises:
      NasctlError: The spaces or these settings differ.
    """
    if given is None:
        return
    hint = f"to resume the run as it was started, name {folder.space_file}; to search the other space, start a new run"
    if given.hash != own.hash:
        raise NasctlError(f"{folder.path} searches another space than {given.name}", hint=hint)
    different = _different(resolve(own.defaults), resolve(given.defaults))
    if different:
        raise NasctlError(
            f"{', '.join(different)} in the space {given.name} changed after {folder.path} was started",
            hint=hint,
        )


def check_same_evaluation(folder: RunFolder, evaluate: EvaluateFunction | str | None) -> None:
    """Checks that rewards come from the same source as before: the same function, or training.

    A function is never imported only because the run folder names it: the folder may come from an untrusted source.

    Args:
      folder: The run.
      evaluate: The function that the user gives, or its name; None for training.

    Raises:
      NasctlError: The function is not given, is another one, or is given to a run that trains.
    """
    run, metadata = folder.path, folder.metadata()
    recorded = metadata["evaluator"]
    if recorded is not None:
        command = shell_command("nasctl", "search", run / "space.nas", "--resume", "--out", run)
        if evaluate is None:
            raise NasctlError(
                f"the rewards of {run} came from --evaluator {recorded}, which is not imported unless you name "
                "it again",
                hint=f"if you trust this code: {command} {shell_command('--evaluator', recorded)}",
            )
        if isinstance(evaluate, str) and evaluate != recorded:
            raise NasctlError(
                f"the rewards of {run} came from --evaluator {recorded}, not from {evaluate}",
                hint="give the same name, or start a new run; if the function has moved, give it to nasctl.resume",
            )
        return
    trained = _trained(folder, metadata)
    if trained and evaluate is not None:
        raise NasctlError(
            f"the rewards of {run} came from training, not from a function",
            hint="leave the function out, or start a new run",
        )
    if not trained and evaluate is None:
        raise NasctlError(
            f"the rewards of {run} came from a function of a Python program, which the run does not name",
            hint="give the function to nasctl.resume, or its name with --evaluator MODULE:FUNCTION",
        )


def check_same_data(folder: RunFolder, given: str | None, found: TaskInfo | None) -> None:
    """Checks that a data set has the content with which the run was started.

    Args:
      folder: The run.
      given: The data set that the user names; None for the run's.
      found: The data set as it was loaded; None if there is none.

    Raises:
      NasctlError: It is another data set, or its content has changed.
    """
    metadata = folder.metadata()
    recorded, digest = metadata["dataset"], metadata["dataset_digest"]
    name = found.dataset if found else None
    if digest and found and found.digest == digest:  # it may have been moved
        return
    how = difference(found.digest if found else "", digest or "")
    if given is not None and name != recorded:
        raise NasctlError(
            f"{folder.path} searches on {f'the data set {recorded}' if recorded else 'no data set'}, "
            f"not on {given}{how}",
            hint="name the data set of the run, wherever it is now, or start a new run",
        )
    if digest:
        raise NasctlError(
            f"the data set {name} has changed since {folder.path} was started, so its rewards cannot be compared{how}",
            hint="restore the data set, or start a new run",
        )


def valid_tokens(folder: RunFolder, space: Space) -> tuple[Tokens, ...]:
    """The token strings that the run tries first.

    Raises:
      NasctlError: They are not valid in the space.
    """
    try:
        return tuple(space.validate(tokens) for tokens in folder.metadata()["init"])
    except NasctlError as error:
        raise NasctlError(
            f'{folder.path / "run.json"} is damaged: "init": {error.message}',
            hint="restore the file, or start a new run",
        ) from error


def note_versions(path: Path, recorded: object) -> None:
    """Logs which packages have another version than when the run was started."""
    before: Mapping[str, Any] = recorded if isinstance(recorded, dict) else {}
    changed = [
        f"{name} {before[name]} (now {version})"
        for name, version in versions().items()
        if before.get(name, version) != version
    ]
    if changed:
        _log.warning(
            "%s was started with %s; its next trials may differ slightly from those that it would have had",
            path,
            ", ".join(changed),
        )


def _trained(folder: RunFolder, metadata: Mapping[str, Any]) -> bool:
    """Whether the rewards of a run without a named function came from training."""
    if metadata["trains"] is not None:
        return bool(metadata["trains"])
    # Version 0.1.0 did not record it. Only a run that trains has checkpoints; it always names its data set.
    return metadata["dataset"] is not None and (
        not folder.best.exists() or (folder.best / "checkpoint").exists()
    )


def _different(one: Config, other: Config) -> list[str]:
    """The settings that affect the trials and differ, as `SECTION.KEY`."""
    return [
        f"{section.name}.{item.name}"
        for section in fields(Config)
        for item in fields(getattr(one, section.name))
        if not may_change(section.name, item.name)
        and getattr(getattr(one, section.name), item.name) != getattr(getattr(other, section.name), item.name)
    ]


def _recorded(config: Settings) -> Settings:
    """The settings that a run was started with, as they took effect.

    Runs of older versions may have three settings that groups of children ignored; they are reset to 0.
    """
    search = dict(config.get("search", {}))
    if search.get("executor") == "inline" and search.get("children_per_device") not in (None, 0, 1):
        search |= {"halving": 0, "child_seconds": 0, "child_gigabytes": 0}
    return {**config, "search": search}
