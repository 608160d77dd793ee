"""How many children one program trains at once: the one place where the device and the space choose."""

from __future__ import annotations

from dataclasses import replace

from nasctl.config import Config
from nasctl.errors import NasctlError
from nasctl.space import Space
from nasctl.training import can_train_together

MOST = 64
ROUNDS = 8
"""Groups that a search has at least, so that the controller learns between them."""


def with_group_size(space: Space, config: Config, platform: str) -> Config:
    """The settings with `search.children_per_device` chosen where it was left open.

    On a CPU a cell that is compiled for itself takes less than half of the time of one that takes its tokens as an
    array, and several at once gain nothing. An accelerator is idle under one small cell. The controller proposes as
    many at once as are trained at once, unless `controller.batch` says otherwise.

    Args:
      space: Whose children they are.
      config: The settings.
      platform: What they are trained on: `cpu`, `gpu` or `tpu`.

    Raises:
      NasctlError: Several were asked for, but children of this space cannot share a program.
    """
    wanted = config.search.children_per_device
    possible = can_train_together(space)
    if wanted > 1 and not possible:
        raise NasctlError(
            f"children of {space.name} cannot be trained {wanted} at a time: their programs differ",
            hint="leave --children-per-device out; it is for tree cells of one size",
        )
    if not wanted:
        wanted = 1
        if possible and platform != "cpu":
            wanted = max(1, min(MOST, config.search.trials // ROUNDS))
    batch = config.controller.batch or (wanted if wanted > 1 else 0)
    return replace(
        config,
        search=replace(config.search, children_per_device=wanted),
        controller=replace(config.controller, batch=batch),
    )
