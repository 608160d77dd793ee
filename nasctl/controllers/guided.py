"""REINFORCE guided by a reward model, the default controller for budgets of tens to thousands of trials.

A Gaussian process (`reward_model`) predicts rewards. An LSTM policy (`policy`) learns from the predicted rewards of
many sampled strings instead of from the few observed ones, and proposes candidates, of which the controller tries
the one with the largest expected improvement. `docs/searchers.md` describes the method and its measurements.

Letters: B trials; N strings; T decisions.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float
from threadpoolctl import ThreadpoolController

from nasctl.controllers.acquisition import ScoredString, log_expected_improvement, maximise
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
"""Size of the initial design: the first trials are a balanced design that does not use the model."""

GRADIENT_STEPS = 1
"""Number of gradient steps per trial."""

POLICY_SAMPLES = 64
"""Number of strings sampled from the policy per gradient step."""

UCB_COEFFICIENT = 2.0
"""Weight of the predicted deviation in the upper confidence bound from which advantages are computed."""

ADVANTAGE_CLIP = 3.0
"""Advantages are clipped to ± this value."""

IMITATED_STRINGS = 16
"""Number of best strings that each gradient step imitates."""

IMITATION_WEIGHT = 0.3
"""Total weight of the imitated strings, relative to the number of sampled strings."""

POLICY_CANDIDATES = 128
"""Number of candidates per trial that are sampled from the policy."""

ELITE_CANDIDATES = 64
"""Number of candidates per trial that are elites changed by the policy, and also of elites mutated at random."""

ELITES = 10
"""Number of best strings from which candidates are derived."""

ELITE_TEMPERATURE = 2.0
"""Softmax temperature at which the policy changes elites."""

STALL_TRIALS = 20
"""Number of trials without a new best reward after which local search phases begin."""

PHASE_SHARE = 0.7
"""Share of the trials that a local search phase receives."""

LONG_STALL = 20
"""Number of trials per decision without a new best reward after which local search phases end."""

NO_IMPROVEMENT = math.log(1e-6)
"""Log expected improvement, in warped rewards of unit deviation, below which the model counts as exhausted."""

POLICY_SHARE = 0.75
"""Share of the trials that are sampled from the policy alone while the model is exhausted."""

EXHAUSTION_CHECK_INTERVAL = 8
"""Number of trials between two checks whether the model is exhausted."""

PROPOSING, LEARNING, CHECKING = 0, 1, 2
"""Purposes of draws from the policy: the first number of a `draw_id`."""

PHASE_CENTRE, PHASE_IDLE, EXHAUSTED = "excursion/centre", "excursion/idle", "hopeless"
"""Names of the controller's own arrays in a stored state. Stored runs contain them, so they must not change."""

NO_PHASE = -1
"""Stored value of `LocalSearchPhase.idle` if there is no phase."""

MODEL_ATTEMPTS = 8
"""Number of rejected attempts for a trial after which candidates are taken at random, without the model."""


@runtime_checkable
class Policy(Protocol):
    """A policy over token strings that learns from weighted strings."""

    def sample(
        self, draw_id: tuple[int, int, int], given: Strings, temperature: Float[np.ndarray, " B"]
    ) -> Strings:
        """Samples valid strings.

        Args:
          draw_id: Identifies the draw; equal ids give equal random numbers. The three numbers are the purpose
            of the draw, a trial or number of trials, and an attempt or step.
          given: Incomplete strings, whose `FREE` tokens are sampled.
          temperature: For each string, the temperature of the softmax.
        """
        ...

    def improve(self, strings: Strings, weights: Float[np.ndarray, " B"]) -> Mapping[str, Any]:
        """Makes strings of positive weight more probable, and strings of negative weight less probable.

        Returns:
          Metrics of the update by name.
        """
        ...

    def state(self) -> State:
        """Returns everything that was learned."""
        ...

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores a state that `check_state` has accepted."""
        ...


class GuidedReinforce:
    """Proposes the candidate with the largest expected improvement and trains the policy on predicted rewards.

    Args:
      space: The space to search.
      hyperparameters: How the policy is built and trained.
      seed: Seed of all random numbers.
      policy: A policy to use instead of the LSTM.
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
        """Proposes token strings for consecutive trials (`Controller.propose`)."""
        proposals: list[Tokens] = []
        with self._one_thread():
            for trial in range(first_trial, first_trial + count):
                pending_strings = as_strings([*pending, *proposals], self._moves.length)
                proposals.append(self._propose_one(trial, attempt, pending_strings))
        return proposals

    def _one_thread(self) -> AbstractContextManager[object]:
        """Limits BLAS to one thread.

        The matrices are small, and the other cores train children. Besides, rounding errors depend on the
        number of threads, and the proposals must not.
        """
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
            pool = rng.permutation(self._pool((PROPOSING, trial, attempt), rng, forced))
            return as_tokens(self._moves.first_new(pool, excluded))
        if self._model_exhausted and rng.random() < POLICY_SHARE:
            return as_tokens(self._pool((PROPOSING, trial, attempt), rng, forced)[0])
        posterior = self._with_pending(posterior, pending, attempt)
        phase = self._phase
        if phase is not None and attempt == 0 and rng.random() < PHASE_SHARE:
            step = phase.next_string(self._model, posterior, self._moves, excluded, rng, forced)
            if step is not None:
                return as_tokens(step[0])
        pool = self._pool((PROPOSING, trial, attempt), rng, forced)
        best_candidate = self._maximise_improvement(pool, posterior, excluded, rng, forced)
        return as_tokens(pool[0] if best_candidate is None else best_candidate.string)

    def _maximise_improvement(
        self,
        pool: Strings,
        posterior: Posterior,
        excluded: ExcludedStrings,
        rng: np.random.Generator,
        forced: Forced,
    ) -> ScoredString | None:
        """The string with the largest log expected improvement, by hill climbing from a pool."""
        best = float(posterior.at_observed.max())

        def improvement(strings: Strings) -> Float[np.ndarray, " N"]:
            return log_expected_improvement(posterior.predict(self._model.encoding.encode(strings)), best)

        return maximise(
            pool, excluded, improvement, lambda string: self._moves.neighbours(string, rng, forced)
        )

    def _with_pending(self, posterior: Posterior, pending: Strings, rejected: int) -> Posterior:
        """Conditions the posterior on fantasised rewards of the pending strings (Ginsbourger et al. 2010).

        A pending string is assumed to receive its predicted mean. The last `rejected` strings, which violated a
        constraint, are assumed to receive the worst reward.
        """
        worst = float(posterior.rewards.min())
        for number, row in enumerate(self._model.encoding.encode(pending)):
            posterior = posterior.fantasised(row, worst if number >= len(pending) - rejected else None)
        return posterior

    def _pool(self, draw_id: tuple[int, int, int], rng: np.random.Generator, forced: Forced) -> Strings:
        """Candidates for a trial.

        One part is sampled from the policy. The other part is derived from elites by changing one or two
        decisions, half of them by the policy and half at random.
        """
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
        """Updates the reward model, then takes gradient steps on strings with predicted rewards."""
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
            metrics = self._improve(self._model.posterior, (LEARNING, observed, step))
        return {name: float(value) for name, value in metrics.items()}

    def _improve(self, posterior: Posterior, draw_id: tuple[int, int, int]) -> Mapping[str, Any]:
        given = np.full((POLICY_SAMPLES, self._moves.length), FREE, np.int32)
        for decision, token in self._space.forced(draw_id[1]).items():
            given[:, decision] = token
        sampled = self._policy.sample(draw_id, given, np.ones(POLICY_SAMPLES))
        mean, deviation = posterior.predict(self._model.encoding.encode(sampled))
        ucb = mean + UCB_COEFFICIENT * deviation
        advantage = np.clip((ucb - ucb.mean()) / (ucb.std() + 1e-3), -ADVANTAGE_CLIP, ADVANTAGE_CLIP)
        elites = self._elites[
            np.resize(np.arange(min(IMITATED_STRINGS, len(self._elites))), IMITATED_STRINGS)
        ]
        weights = np.append(
            advantage, np.full(IMITATED_STRINGS, IMITATION_WEIGHT * POLICY_SAMPLES / IMITATED_STRINGS)
        )
        return self._policy.improve(np.concatenate([sampled, elites]), weights)

    def _update_phase(self, strings: Strings) -> None:
        """Updates the local search phase after new trials.

        A phase starts when the search has stalled. There are no phases after a long stall.

        Args:
          strings: Strings of the new trials.
        """
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
        """Whether the search has stalled for so long that it has probably converged."""
        return self._stalled > LONG_STALL * self._moves.length

    def _check_exhausted(self, new: int) -> None:
        """Checks periodically, after a long stall, whether the model still expects an improvement anywhere.

        Args:
          new: Number of new trials.
        """
        observed = len(self._model.strings)
        if not self._long_stalled or self._model.posterior is None:
            self._model_exhausted = False
        elif observed // EXHAUSTION_CHECK_INTERVAL > (observed - new) // EXHAUSTION_CHECK_INTERVAL:
            rng = np.random.default_rng((self._seed, observed, 3))
            forced = self._space.forced(observed)
            excluded = ExcludedStrings(self._model.tried, as_strings([], self._moves.length))
            pool = self._pool((CHECKING, observed, 0), rng, forced)
            best_candidate = self._maximise_improvement(pool, self._model.posterior, excluded, rng, forced)
            self._model_exhausted = best_candidate is None or best_candidate.value < NO_IMPROVEMENT

    def _update_elites(self) -> None:
        """Recomputes the best strings and the number of trials since the best reward."""
        strings = self._model.strings
        order = self._model.best(4 * IMITATED_STRINGS)
        _, first = np.unique(strings[order], axis=0, return_index=True)
        self._elites = strings[order[np.sort(first)[:IMITATED_STRINGS]]]
        rewards = np.nan_to_num(self._model.rewards, nan=-np.inf)
        self._stalled = len(rewards) - 1 - int(rewards.argmax()) if len(rewards) else 0

    def state(self) -> State:
        """Returns the states of the policy, the reward model and the local search phase."""
        model = {f"reward_model/{name}": array for name, array in self._model.state().items()}
        policy = {f"policy/{name}": array for name, array in self._policy.state().items()}
        phase = self._phase or LocalSearchPhase(np.zeros(self._moves.length, np.int32), idle=NO_PHASE)
        own = {
            PHASE_CENTRE: phase.centre.copy(),
            PHASE_IDLE: np.asarray(phase.idle),
            EXHAUSTED: np.asarray(self._model_exhausted),
        }
        return policy | model | own

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the states of the policy, the reward model and the local search phase."""
        own = self.state()
        checked = check_state(state, own, growing=True)
        self._policy.restore(check_state(_under("policy/", checked), _under("policy/", own)))
        with self._one_thread():
            self._model.restore(_under("reward_model/", checked))
        idle = int(checked[PHASE_IDLE])
        self._phase = None if idle == NO_PHASE else LocalSearchPhase(checked[PHASE_CENTRE], idle)
        self._model_exhausted = bool(checked[EXHAUSTED])
        self._update_elites()


def _under(prefix: str, state: Mapping[str, np.ndarray]) -> State:
    """The arrays whose names begin with a prefix, keyed by the rest of their names."""
    return {name.removeprefix(prefix): array for name, array in state.items() if name.startswith(prefix)}
