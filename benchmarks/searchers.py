"""The searchers that `controller.py` compares: nasctl's, variants of its default, and Optuna's TPE if installed."""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from nasctl.config import ControllerConfig
from nasctl.controllers import Controller, Observation, make_controller
from nasctl.controllers.controller import State
from nasctl.controllers.guided import GuidedReinforce
from nasctl.controllers.moves import FREE, Moves, Strings
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.presets import hyperparameters
from nasctl.space import INACTIVE, Space, Tokens

Maker = Callable[[Space, int], Controller]
"""Makes a searcher for a space and a seed."""


class MutationPolicy:
    """Replaces the LSTM: samples uniform strings, and crosses and mutates the best strings that it has seen."""

    def __init__(self, space: Space, seed: int) -> None:
        self._moves = Moves(make_plan(space))
        self._seed = seed
        self._best: Strings | None = None

    def sample(self, draw_id: tuple[int, int, int], given: Strings, temperature: np.ndarray) -> Strings:
        """Completes strings uniformly; two thirds of the rows without any fixed decision are crossed instead."""
        rng = np.random.default_rng((self._seed, *draw_id))
        strings = self._moves.complete(given, rng, {})
        free = np.flatnonzero((given == FREE).all(axis=1))
        crossed = free[len(free) // 3 :]
        if self._best is not None and len(crossed):
            mothers, fathers = self._best[rng.integers(0, len(self._best), (2, len(crossed)))]
            children = np.where(rng.random(mothers.shape) < 0.5, mothers, fathers)
            children = self._moves.complete(children, rng, {})
            strings[crossed] = self._moves.mutated(children, rng.integers(0, 3, len(crossed)), rng, {})
        return strings

    def improve(self, strings: Strings, weights: np.ndarray) -> Mapping[str, float]:
        """Remembers the last 16 strings: those to imitate."""
        self._best = strings[-16:]
        return {}

    def state(self) -> State:
        """Returns nothing: there is no state to save."""
        return {}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Does nothing: there is no state to restore."""


class Tpe:
    """Optuna's TPE with its study in memory. A conditional decision is suggested only where it is active."""

    def __init__(self, space: Space, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.batch = 1
        self._space = space
        # One joint model of all decisions (or of each group that is active together) does far better than one each.
        conditional = any(decision.when for decision in space.decisions)
        warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
        sampler = optuna.samplers.TPESampler(seed=seed, multivariate=True, group=conditional)
        self._study = optuna.create_study(direction="maximize", sampler=sampler)
        self._asked: list[object] = []

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Asks for one trial after another."""
        proposals = []
        for _ in range(count):
            trial = self._study.ask()
            tokens: list[int] = []
            for decision in self._space.decisions:
                choices = list(range(len(decision.choices)))
                active = decision.active(tokens)
                tokens.append(trial.suggest_categorical(decision.name, choices) if active else INACTIVE)
            self._asked.append(trial)
            proposals.append(tuple(tokens))
        return proposals

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Tells Optuna the rewards."""
        for trial in trials:
            self._study.tell(self._asked.pop(0), trial.reward)
        return {}


def of(**config: object) -> Maker:
    """Makes one of nasctl's searchers with some settings."""
    return lambda space, seed: make_controller(space, ControllerConfig(**config), seed=seed)


def mutations(space: Space, seed: int) -> GuidedReinforce:
    """Makes the default searcher with mutations instead of its LSTM."""
    return GuidedReinforce(
        space, hyperparameters(ControllerConfig()), seed=seed, policy=MutationPolicy(space, seed)
    )


SEARCHERS: dict[str, Maker] = {
    "random": of(kind="random"),
    "local": of(kind="local"),
    "evolution": of(kind="evolution"),
    "tpe": Tpe,
    "paper": of(preset="paper"),
    "no model": of(reward_model=False),
    "default": of(),
    "no lstm": mutations,
}
"""The searchers by name; `no lstm` takes part only with `--only` or `--long`."""

if importlib.util.find_spec("optuna") is None:
    del SEARCHERS["tpe"]
