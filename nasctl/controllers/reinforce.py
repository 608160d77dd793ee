"""The LSTM controller trained by REINFORCE (Zoph & Le 2017, arXiv 1611.01578, section 3.2).

Letters: B trials; T decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key, UInt

from nasctl.bounds import key_seed
from nasctl.controllers.controller import Observation, State
from nasctl.controllers.policy.baseline import RewardBaseline
from nasctl.controllers.policy.network import Parameters
from nasctl.controllers.policy.plan import Plan, make_plan
from nasctl.controllers.policy.sampling import FREE, draw_uniforms, sample
from nasctl.controllers.policy.scoring import decision_mask, max_entropy, score
from nasctl.controllers.policy.train_state import (
    PolicyTrainState,
    from_arrays,
    init_train_state,
    optimizer,
    to_arrays,
)
from nasctl.controllers.presets import Hyperparameters
from nasctl.controllers.state import check_state
from nasctl.space import Space, Tokens

ADVANTAGE_CLIP = 3.0
"""Standardised advantages are clipped to ± this value, so that a single failure cannot undo what was learned."""

LARGEST_ADVANTAGE = 1e9
"""All advantages are clipped to ± this value, because gradients are computed in single precision."""


def reinforce_loss(
    plan: Plan,
    parameters: Parameters,
    tokens: Int[Array, "B T"],
    advantages: Float[Array, " B"],
    weights: Float[Array, " B"],
    barrier: float,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The REINFORCE loss with an entropy barrier.

    The loss is -mean(A log P(tokens)) + barrier · M² / ((H + M / 100) √N), where H is the mean entropy of a
    string, M the entropy of a uniform policy, and N the mean number of decisions of a string.

    The barrier hardly affects an undecided policy and grows as the policy becomes deterministic. Its gradient
    is that of an entropy bonus of weight barrier · M² / ((H + M / 100)² √N). The factor 1 / √N matches the
    scale of the advantages: one of N equally important decisions changes a standardised reward by about 1 / √N.

    Args:
      plan: The compiled space.
      parameters: The policy.
      tokens: Token strings that were tried.
      advantages: A, the reward minus the baseline; constant with respect to the gradient.
      weights: 1 for rows that count, 0 for padding.
      barrier: Weight of the barrier, in units of the advantages.

    Returns:
      The loss, and H / M: 1 for a uniform policy, 0 for a deterministic one.
    """
    scores = score(plan, parameters, tokens)
    rows = weights / weights.sum()
    objective = (advantages * scores.log_probability.sum(-1) * rows).sum()
    entropy = (scores.entropy.sum(-1) * rows).sum()
    most = (max_entropy(plan, tokens) * rows).sum()
    most = jnp.maximum(most, 1e-6)  # every decision may have a single choice
    decisions = jnp.maximum((decision_mask(plan, tokens).sum(-1) * rows).sum(), 1)
    penalty = barrier * most**2 / (jnp.sqrt(decisions) * (entropy + 0.01 * most))
    return penalty - objective, entropy / most


@partial(jax.jit, static_argnames="plan")
def _propose(
    plan: Plan,
    parameters: Parameters,
    stream: Key[Array, ""],
    trials: UInt[Array, " B"],
    attempt: UInt[Array, ""],
    given: Int[Array, "B T"],
) -> Int[Array, "B T"]:
    return sample(plan, parameters, draw_uniforms(plan, stream, trials, attempt), given).tokens


@partial(jax.jit, static_argnames=("plan", "hyperparameters"))
def _update(
    plan: Plan,
    hyperparameters: Hyperparameters,
    train_state: PolicyTrainState,
    tokens: Int[Array, "B T"],
    advantages: Float[Array, " B"],
    weights: Float[Array, " B"],
) -> tuple[PolicyTrainState, dict[str, Array]]:
    (loss, entropy), gradient = jax.value_and_grad(reinforce_loss, argnums=1, has_aux=True)(
        plan, train_state.parameters, tokens, advantages, weights, hyperparameters.barrier
    )
    change, moments = optimizer(hyperparameters).update(gradient, train_state.moments, train_state.parameters)
    metrics = {"loss": loss, "entropy": entropy, "gradient_norm": optax.tree.norm(gradient)}
    return PolicyTrainState(optax.apply_updates(train_state.parameters, change), moments), metrics


class Reinforce:
    """Samples strings from an LSTM policy and improves it by one gradient step per batch of rewards.

    A call of `propose` and a call of `observe` each run one compiled program. Controllers with equal
    hyperparameters on equal spaces share the compiled programs.

    Args:
      space: The space to search.
      hyperparameters: How the policy is built and trained.
      seed: Seed of the initial parameters and of all samples.
    """

    def __init__(self, space: Space, hyperparameters: Hyperparameters, *, seed: int) -> None:
        self.batch = hyperparameters.batch
        self._space = space
        self._hyperparameters = hyperparameters
        self._plan = make_plan(space)
        self._stream = jax.random.key(key_seed(seed))
        self._train_state = init_train_state(self._plan, hyperparameters, seed)
        self._baseline = RewardBaseline()

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Samples token strings for consecutive trials from the current policy (`Controller.propose`).

        Always samples batches of `self.batch` strings, so that the sampler compiles once.
        """
        proposals: list[Tokens] = []
        for first in range(first_trial, first_trial + count, self.batch):
            trials = range(first, first + self.batch)
            given = np.full((self.batch, self._plan.length), FREE, np.int32)
            for row, trial in enumerate(trials):
                for decision, token in self._space.forced(trial).items():
                    given[row, decision] = token
            numbers = np.array(trials, np.uint32)
            tokens = _propose(
                self._plan, self._train_state.parameters, self._stream, numbers, np.uint32(attempt), given
            )
            proposals += [tuple(row) for row in np.asarray(tokens).tolist()]
        return proposals[:count]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """Takes one policy gradient step on finished trials.

        A failed trial counts as the worst reward so far. While all trials have failed, no step is taken.

        Returns:
          Loss, entropy, gradient norm and reward statistics by name; empty if no step was taken.
        """
        baseline, rewards = self._baseline.update(
            [trial.reward for trial in trials], self._hyperparameters.baseline_decay
        )
        if not trials or np.isnan(rewards).any():  # all trials so far have failed
            return {}
        advantages = rewards - (self._baseline.mean if self._baseline.count else baseline.mean)
        if self._hyperparameters.standardise:
            scale = baseline.deviation if baseline.deviation > 1e-9 * abs(baseline.mean) else np.inf
            advantages = np.clip(advantages / scale, -ADVANTAGE_CLIP, ADVANTAGE_CLIP)
        advantages = np.clip(advantages, -LARGEST_ADVANTAGE, LARGEST_ADVANTAGE)
        padded = -len(trials) % self.batch
        rows = [trial.tokens for trial in trials] + [trials[0].tokens] * padded
        self._train_state, metrics = _update(
            self._plan,
            self._hyperparameters,
            self._train_state,
            np.array(rows, np.int32),
            np.pad(advantages, (0, padded)).astype(np.float32),
            np.pad(np.ones(len(trials), np.float32), (0, padded)),
        )
        self._baseline = baseline
        logged = {name: float(value) for name, value in jax.device_get(metrics).items()}
        return logged | {"baseline": baseline.mean, "deviation": baseline.deviation}

    def state(self) -> State:
        """Returns the parameters, the optimiser's state and the reward statistics."""
        statistics = {f"baseline/{name}": np.asarray(value) for name, value in asdict(self._baseline).items()}
        return to_arrays(self._train_state) | statistics

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Restores the parameters, the optimiser's state and the reward statistics."""
        checked = check_state(state, self.state())
        self._train_state = from_arrays(checked, self._train_state)
        statistics = {
            field.name: float(checked[f"baseline/{field.name}"]) for field in fields(RewardBaseline)
        }
        self._baseline = RewardBaseline(**statistics)
