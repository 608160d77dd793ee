"""From settings to a controller."""

from __future__ import annotations

from nasctl.config import ControllerConfig
from nasctl.controllers.controller import Controller
from nasctl.controllers.presets import settings
from nasctl.controllers.random_search import RandomSearch
from nasctl.errors import NasctlError
from nasctl.space import Space


def make_controller(space: Space, config: ControllerConfig, *, seed: int) -> Controller:
    """The controller that a configuration asks for, having seen nothing yet.

    Args:
      space: What is searched.
      config: Its kind and preset, and what is changed about the preset.
      seed: Seed of everything that it draws.

    Raises:
      NasctlError: There is no such kind, or a setting is out of range.
    """
    chosen = settings(config)
    if config.kind == "random":
        return RandomSearch(space, seed=seed, batch=chosen.batch)
    if config.kind == "reinforce" and chosen.reward_model:
        from nasctl.controllers.guided import GuidedReinforce

        return GuidedReinforce(space, chosen, seed=seed)
    if config.kind == "reinforce":
        from nasctl.controllers.reinforce import Reinforce  # imports JAX, which random search does without

        return Reinforce(space, chosen, seed=seed)
    raise NasctlError(f"there is no controller `{config.kind}`", hint="it is one of reinforce, random")
