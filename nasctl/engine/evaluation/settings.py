"""Chooses where children are evaluated: every value of these settings that the user did not set."""

from __future__ import annotations

from dataclasses import replace

from nasctl.config import Config, SearchConfig
from nasctl.errors import NasctlError
from nasctl.executors import InlineExecutor, Machine

LARGEST_GROUP = 64
ROUNDS = 8
"""Least number of groups in a search: the controller learns between groups."""


def choose_executor(search: SearchConfig, *, trains: bool, named: bool = False) -> str:
    """The executor of a search that trains no groups: `inline`, `local` or `ray`.

    A function that is given by name runs in a worker, so that it cannot harm the search. A function of this process
    cannot run anywhere else.
    """
    if search.executor != "auto":
        return search.executor
    return "local" if trains or named or search.workers > 1 else "inline"


def runs_alone(search: SearchConfig) -> bool:
    """Whether a function runs in a single worker because the user asks for nothing else."""
    return search.executor == "auto" and search.workers <= 1


def resolve_settings(
    config: Config, machine: Machine, *, trains: bool, can_group: bool, named: bool = False
) -> Config:
    """The settings with the executor, the workers, the group size, `ahead` and the batch chosen.

    A value that the user set is kept.

    Args:
      config: The user's settings.
      machine: Where children are evaluated.
      trains: Whether children are trained; otherwise a function gives the reward.
      can_group: Whether one program can train several children of the space at once.
      named: Whether a function gives the reward that is given by name.

    Raises:
      NasctlError: Children cannot be trained in groups, or not with the other settings.
    """
    search = config.search
    group = group_size(search, machine.platform, can_group=can_group) if trains else 1
    executor = "inline" if group > 1 else choose_executor(search, trains=trains, named=named)
    alone = not trains and runs_alone(search)
    workers = 1 if executor == "inline" or alone else search.workers or machine.workers
    if search.ahead >= 0:
        ahead = search.ahead
    elif executor == "inline":
        ahead = InlineExecutor.capacity - 1 if trains and group == 1 else 0
    elif alone:
        # The same trials as inline: random search does not learn, so that it may propose one more at any time.
        ahead = 1 if config.controller.kind == "random" else 0
    else:
        ahead = 2 * workers * (1 + jobs_prepared(executor, machine)) - 1
    return replace(
        config,
        search=replace(search, executor=executor, workers=workers, children_per_device=group, ahead=ahead),
        controller=replace(config.controller, batch=config.controller.batch or (group if group > 1 else 0)),
    )


def jobs_prepared(executor: str, machine: Machine) -> int:
    """Jobs that each worker prepares while it evaluates another: on a CPU none, as its core is busy training."""
    return 1 if executor == "local" and machine.platform != "cpu" else 0


def group_size(search: SearchConfig, platform: str, *, can_group: bool) -> int:
    """How many children one program trains at once.

    On a CPU the answer is 1 unless the user sets it: a cell with its own program trains in less than half the time of
    a cell that reads its tokens from an array, and grouping gains nothing. On an accelerator, one small cell leaves
    the device idle.

    Args:
      search: The user's settings.
      platform: What children are trained on: `cpu`, `gpu` or `tpu`.
      can_group: Whether one program can train several children of the space at once.

    Raises:
      NasctlError: The user asks for groups, but the space or another setting rules them out.
    """
    size = search.children_per_device
    excluded = _excluded_by_groups(search)
    if size > 1 and not can_group:
        raise NasctlError(
            f"children of this space cannot be trained {size} at a time: their programs differ",
            hint="leave --children-per-device out; it is for tree cells of one size that predict the next text token",
        )
    if size > 1 and excluded:
        raise NasctlError(
            f"{', '.join(excluded)} cannot be used when children are trained {size} at a time "
            "(search.children_per_device): one program in this process trains them all",
            hint="leave one of the two out",
        )
    if size or excluded or not can_group or platform == "cpu":
        return size or 1
    return max(1, min(LARGEST_GROUP, search.trials // ROUNDS))


def _excluded_by_groups(search: SearchConfig) -> list[str]:
    """Names of the settings in use that a group of children cannot honour."""
    in_use = {
        "halving": search.halving >= 2,
        "child_seconds": search.child_seconds > 0,
        "child_gigabytes": search.child_gigabytes > 0,
        "executor": search.executor not in ("auto", "inline"),
        "workers": search.workers > 1,
    }
    return [f"search.{name}" for name, used in in_use.items() if used]
