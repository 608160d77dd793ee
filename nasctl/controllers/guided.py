"""The LSTM controller with a reward model inside: the default for budgets of tens to thousands of trials.

Letters: B trials; N strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np
from jaxtyping import Float
from threadpoolctl import ThreadpoolController

from nasctl.controllers.acquisition import Candidate, log_expected_improvement, maximise
from nasctl.controllers.controller import Observation, State
from nasctl.controllers.local_search_phase import LocalSearchPhase
from nasctl.controllers.moves import (
    FREE,
    ExcludedStrings,
    Forced,
    Moves,
    Strings,
    as_strings,
    as_tokens,
    string_keys,
)
from nasctl.controllers.policy.plan import make_plan
from nasctl.controllers.presets import Hyperparameters
from nasctl.controllers.reward_model import RewardModel
from nasctl.controllers.reward_model.posterior import Posterior
from nasctl.controllers.state import check_state
from nasctl.space import Space, Tokens

INITIAL_TRIALS = 12
"""Trials that are Latin-balanced, before the model is asked."""

POLICY_SAMPLES, UCB_COEFFICIENT, ADVANTAGE_CLIP = 64, 2.0, 3.0
"""Strings of the policy in a gradient step; deviations added to their expected rewards; bound of advantages."""

IMITATED_STRINGS, IMITATION_WEIGHT = 16, 0.3
"""The best strings, which are imitated in each gradient step, and their weight together beside the policy's own."""

GRADIENT_STEPS = 1
"""Gradient steps a trial."""

POLICY_CANDIDATES, ELITE_CANDIDATES = 128, 64
"""Candidates for a trial: strings of the policy; strings of the best, changed by the policy, and as many at random."""

ELITES, ELITE_TEMPERATURE = 10, 2.0
"""The best strings, which are changed, and the temperature at which the policy changes them."""

STALL_TRIALS, PHASE_SHARE = 20, 0.7
"""Trials without a gain after which excursions begin, and the part of the trials that is then theirs."""

LONG_STALL, NO_IMPROVEMENT, POLICY_SHARE = 20, math.log(1e-6), 0.75
"""Trials a decision without a gain after which there are no more excursions; an expected improvement that is none (of
rewards with a deviation of one), at which the policy itself is trusted then, and in which part of the trials."""

EXHAUSTION_CHECK_INTERVAL = 8
"""Trials after which the model is asked again whether there is an improvement to expect."""

NO_PHASE = -1
"""In a state: the time spent on an excursion if there is none."""

MODEL_ATTEMPTS = 8
"""Attempts for a trial that the model chooses; a space that rejects all of those is sampled."""


class Policy(Protocol):
    """What samples strings and learns from scored ones."""

    def sample(
        self, draw_id: tuple[int, int, int], given: Strings, temperature: Float[np.ndarray, " B"]
    ) -> Strings:
        """Valid strings, their free tokens sampled."""
        ...

    def improve(self, strings: Strings, weights: Float[np.ndarray, " B"]) -> Mapping[str, Any]:
        """A step towards strings of positive weight and away from others."""
        ...

    def state(self) -> State:
        """Everything that was learned."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a checked state."""
        ...


class GuidedReinforce:
    """Proposes what a model of the rewards finds most promising among strings of a policy that learns from it.

    Args:
      space: What is searched.
      hyperparameters: How the policy is built and learns.
      seed: Seed of everything random.
      policy: Another policy than the LSTM.
    """

    def __init__(
        self, space: Space, hyperparameters: Hyperparameters, *, seed: int, policy: Policy | None = None
    ) -> None:
        self.batch = hyperparameters.batch
        self._space = space
        self._seed = seed
        plan = make_plan(space)
        self._moves = Moves(plan)
        if policy is None:
            from nasctl.controllers.policy.guided import GuidedPolicy

            policy = GuidedPolicy(plan, hyperparameters, seed)
        self._policy = policy
        self._model = RewardModel(plan, seed)
        self._threads = ThreadpoolController()
        self._start = self._moves.balanced(INITIAL_TRIALS, np.random.default_rng((seed, 0)))
        self._phase: LocalSearchPhase | None = None
        self._elites = self._model.strings
        self._stalled = 0
        self._model_exhausted = False

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials."""
        proposals: list[Tokens] = []
        with self._one_thread():
            for trial in range(first_trial, first_trial + count):
                pending_strings = as_strings([*pending, *proposals], self._moves.length)
                proposals.append(self._propose_one(trial, attempt, pending_strings))
        return proposals

    def _one_thread(self) -> AbstractContextManager[object]:
        """The model's matrices are small, the other cores train children, and rounding must not depend on them."""
        limited: AbstractContextManager[object] = self._threads.limit(limits=1, user_api="blas")
        return limited

    def _propose_one(self, trial: int, attempt: int, pending: Strings) -> Tokens:
        rng = np.random.default_rng((self._seed, trial, attempt))
        forced = self._space.forced(trial)
        excluded = ExcludedStrings(self._model.tried, pending)
        if trial < INITIAL_TRIALS and attempt == 0:
            string = self._moves.complete(self._start[trial, None], rng, forced)
            if string_keys(string)[0] not in excluded:
                return as_tokens(string[0])
        posterior = self._model.posterior
        if posterior is None:
            return as_tokens(
                self._moves.first_new(self._moves.random(POLICY_CANDIDATES, rng, forced), excluded)
            )
        if attempt > MODEL_ATTEMPTS:
            pool = rng.permutation(self._pool((0, trial, attempt), rng, forced))
            return as_tokens(self._moves.first_new(pool, excluded))
        if self._model_exhausted and rng.random() < POLICY_SHARE:
            return as_tokens(self._pool((0, trial, attempt), rng, forced)[0])
        posterior = self._with_pending(posterior, pending, attempt)
        phase = self._phase
        if phase is not None and attempt == 0 and rng.random() < PHASE_SHARE:
            step = phase.next_string(self._model, posterior, self._moves, excluded, rng, forced)
            if step is not None:
                return as_tokens(step[0])
        pool = self._pool((0, trial, attempt), rng, forced)
        found = self._maximise_improvement(pool, posterior, excluded, rng, forced)
        return as_tokens(pool[0] if found is None else found.string)

    def _maximise_improvement(
        self,
        pool: Strings,
        posterior: Posterior,
        excluded: ExcludedStrings,
        rng: np.random.Generator,
        forced: Forced,
    ) -> Candidate | None:
        """The best of a pool and of what can be climbed to from there, by the improvement to expect."""
        best = float(posterior.at_observed.max())

        def value(strings: Strings) -> Float[np.ndarray, " N"]:
            return log_expected_improvement(posterior.predict(self._model.encoding.encode(strings)), best)

        return maximise(pool, excluded, value, lambda string: self._moves.neighbours(string, rng, forced))

    def _with_pending(self, posterior: Posterior, pending: Strings, rejected: int) -> Posterior:
        """The posterior if awaited trials end as expected; the last of them, which were rejected, as badly as any."""
        worst = float(posterior.rewards.min())
        for number, row in enumerate(self._model.encoding.encode(pending)):
            posterior = posterior.fantasised(row, worst if number >= len(pending) - rejected else None)
        return posterior

    def _pool(self, draw_id: tuple[int, int, int], rng: np.random.Generator, forced: Forced) -> Strings:
        """Strings of the policy, and elites with one or two decisions changed, by the policy and at random."""
        elites = self._moves.complete(self._elites[:ELITES], rng, forced)
        weight = np.exp(-np.arange(len(elites)) / 4)
        picks = rng.choice(len(elites), 2 * ELITE_CANDIDATES, p=weight / weight.sum())
        changes = rng.integers(1, 3, 2 * ELITE_CANDIDATES)
        given = np.full((POLICY_CANDIDATES + ELITE_CANDIDATES, self._moves.length), FREE, np.int32)
        given[POLICY_CANDIDATES:] = self._moves.freed(
            elites[picks[:ELITE_CANDIDATES]], changes[:ELITE_CANDIDATES], rng
        )
        for decision, token in forced.items():
            given[:, decision] = token
        temperature = np.repeat([1.0, ELITE_TEMPERATURE], [POLICY_CANDIDATES, ELITE_CANDIDATES])
        sampled = self._policy.sample(draw_id, given, temperature)
        mutated = self._moves.mutated(
            elites[picks[ELITE_CANDIDATES:]], changes[ELITE_CANDIDATES:], rng, forced
        )
        return np.concatenate([sampled, mutated])

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Updates the model, then the policy by gradient steps on strings that the model scores."""
        if not trials:
            return {}
        with self._one_thread():
            return self._learn(trials)

    def _learn(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        strings = as_strings([trial.tokens for trial in trials], self._moves.length)
        rewards = np.array([np.nan if trial.reward is None else trial.reward for trial in trials], float)
        self._model.observe(strings, rewards)
        self._update_elites()
        self._update_phase(strings)
        self._check_exhausted(len(trials))
        assert self._model.posterior is not None
        metrics: Mapping[str, Any] = {}
        observed = len(self._model.strings)
        for step in range(GRADIENT_STEPS * len(trials)):
            metrics = self._improve(self._model.posterior, (1, observed, step))
        return {name: float(value) for name, value in metrics.items()}

    def _improve(self, posterior: Posterior, draw_id: tuple[int, int, int]) -> Mapping[str, Any]:
        given = np.full((POLICY_SAMPLES, self._moves.length), FREE, np.int32)
        for decision, token in self._space.forced(draw_id[1]).items():
            given[:, decision] = token
        sampled = self._policy.sample(draw_id, given, np.ones(POLICY_SAMPLES))
        mean, deviation = posterior.predict(self._model.encoding.encode(sampled))
        hoped = mean + UCB_COEFFICIENT * deviation
        advantage = np.clip((hoped - hoped.mean()) / (hoped.std() + 1e-3), -ADVANTAGE_CLIP, ADVANTAGE_CLIP)
        elites = self._elites[
            np.resize(np.arange(min(IMITATED_STRINGS, len(self._elites))), IMITATED_STRINGS)
        ]
        weights = np.append(
            advantage, np.full(IMITATED_STRINGS, IMITATION_WEIGHT * POLICY_SAMPLES / IMITATED_STRINGS)
        )
        return self._policy.improve(np.concatenate([sampled, elites]), weights)

    def _update_phase(self, strings: Strings) -> None:
        """The excursion goes on, or another begins, while the search stands still but not for too long."""
        observed = len(self._model.strings)
        rng = np.random.default_rng((self._seed, observed, 2))
        forced = self._space.forced(observed)
        phase = self._phase
        if phase is not None:
            phase = phase.after(self._model, strings)
            if phase.is_over(self._model, self._moves, rng, forced):
                phase = None
        if phase is None and self._stalled >= STALL_TRIALS:
            phase = LocalSearchPhase(self._moves.random(1, rng, forced)[0])
        self._phase = None if self._long_stalled else phase

    @property
    def _long_stalled(self) -> bool:
        """Whether the search stands still for so long that it is taken to be over."""
        return self._stalled > LONG_STALL * self._moves.length

    def _check_exhausted(self, new: int) -> None:
        """Asks the model of a settled search, now and then, whether there is an improvement to expect."""
        observed = len(self._model.strings)
        if not self._long_stalled or self._model.posterior is None:
            self._model_exhausted = False
        elif observed // EXHAUSTION_CHECK_INTERVAL > (observed - new) // EXHAUSTION_CHECK_INTERVAL:
            rng = np.random.default_rng((self._seed, observed, 3))
            forced = self._space.forced(observed)
            excluded = ExcludedStrings(self._model.tried, as_strings([], self._moves.length))
            pool = self._pool((2, observed, 0), rng, forced)
            found = self._maximise_improvement(pool, self._model.posterior, excluded, rng, forced)
            self._model_exhausted = found is None or found.value < NO_IMPROVEMENT

    def _update_elites(self) -> None:
        """What follows from the model's observations."""
        strings = self._model.strings
        order = self._model.best(4 * IMITATED_STRINGS)
        _, first = np.unique(strings[order], axis=0, return_index=True)
        self._elites = strings[order[np.sort(first)[:IMITATED_STRINGS]]]
        rewards = np.nan_to_num(self._model.rewards, nan=-np.inf)
        self._stalled = len(rewards) - 1 - int(rewards.argmax()) if len(rewards) else 0

    def state(self) -> State:
        """The policy's state and the model's."""
        model = {f"reward_model/{name}": array for name, array in self._model.state().items()}
        policy = {f"policy/{name}": array for name, array in self._policy.state().items()}
        away = self._phase or LocalSearchPhase(np.zeros(self._moves.length, np.int32), idle=NO_PHASE)
        phase = {"excursion/centre": away.centre.copy(), "excursion/idle": np.asarray(away.idle)}
        return policy | model | phase | {"hopeless": np.asarray(self._model_exhausted)}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over a state."""
        own = self.state()
        loose = check_state(state, own, growing=True)
        self._policy.restore(check_state(_part(loose, "policy/"), _part(own, "policy/")))
        with self._one_thread():
            self._model.restore(_part(loose, "reward_model/"))
        idle = int(loose["excursion/idle"])
        self._phase = None if idle == NO_PHASE else LocalSearchPhase(loose["excursion/centre"], idle)
        self._model_exhausted = bool(loose["hopeless"])
        self._update_elites()


def _part(state: Mapping[str, np.ndarray], prefix: str) -> State:
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
