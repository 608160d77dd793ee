"""Creates the controller that the user's settings ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nasctl.config import ControllerConfig
from nasctl.controllers.controller import Controller
from nasctl.controllers.evolution import Evolution
from nasctl.controllers.local_search import LocalSearch
from nasctl.controllers.presets import hyperparameters
from nasctl.controllers.random_search import RandomSearch
from nasctl.controllers.warm_start import WarmStart
from nasctl.space import Space, Tokens


def make_controller(
    space: Space, config: ControllerConfig, *, seed: int, init: Sequence[Tokens] = ()
) -> Controller:
    """Creates a controller that has not observed anything yet.

    Args:
      space: The space to search.
      config: The user's settings: the kind and preset of the controller, and overrides of the preset.
      seed: Seed of all random numbers.
      init: Token strings to propose first, in this order.

    Returns:
      The controller, wrapped in a `WarmStart` if `init` is given.

    Raises:
      NasctlError: A setting does not fit the schema, or a string of `init` is not valid in the space.
    """
    controller = _controller(space, config, seed)
    if not init:
        return controller
    return WarmStart(controller, [space.validate(tokens) for tokens in init])


def _controller(space: Space, config: ControllerConfig, seed: int) -> Controller:
    chosen = hyperparameters(config)
    plain: dict[str, Callable[..., Controller]] = {
        "random": RandomSearch,
        "local": LocalSearch,
        "evolution": Evolution,
    }
    if config.kind in plain:
        return plain[config.kind](space, seed=seed, batch=config.batch or 1)
    if chosen.reward_model:
        from nasctl.controllers.guided import GuidedReinforce

        return GuidedReinforce(space, chosen, seed=seed)
    from nasctl.controllers.reinforce import Reinforce  # imports JAX, which the others do without

    return Reinforce(space, chosen, seed=seed)
