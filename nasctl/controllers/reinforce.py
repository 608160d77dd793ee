"""The LSTM controller: a policy over token strings that learns by REINFORCE (Zoph & Le 2017, section 3.2).

Letters: B children, T decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int, Key

from nasctl.controllers.controller import Observation, State
from nasctl.controllers.policy.baseline import Baseline
from nasctl.controllers.policy.network import Parameters
from nasctl.controllers.policy.plan import Plan, make_plan
from nasctl.controllers.policy.sampling import FREE, draw_uniforms, sample
from nasctl.controllers.policy.scoring import decision_mask, max_entropy, score
from nasctl.controllers.policy.train_state import (
    TrainState,
    from_arrays,
    init_train_state,
    optimizer,
    to_arrays,
)
from nasctl.controllers.presets import Hyperparameters
from nasctl.controllers.state import check_state
from nasctl.space import Space, Tokens

ADVANTAGE_CLIP = 3.0
"""Standardised advantages are clipped to this on either side: one failure must not undo a search."""


def reinforce_loss(
    plan: Plan,
    parameters: Parameters,
    tokens: Int[Array, "B T"],
    advantages: Float[Array, " B"],
    weights: Float[Array, " B"],
    barrier: float,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The loss whose gradient is that of REINFORCE: -mean(A log P(tokens)) + barrier · M² / (H √N).

    H is the mean entropy of a string, M what it would be for a uniform policy, N the mean number of
    decisions. The barrier leaves an undecided policy alone and pushes the harder the closer one comes to
    being certain: its gradient is that of an entropy bonus with the weight barrier / (√N (H / M)²). The √N
    is there because one of N decisions moves a standardised reward by about 1 / √N.

    Args:
      plan: The compiled space.
      parameters: The policy.
      tokens: Token strings that were tried.
      advantages: A, reward less baseline; a constant to the gradient.
      weights: 1 for rows that count, 0 for padding.
      barrier: Weight of the barrier, on the scale of the advantages.

    Returns:
      The loss, and H / M: 1 for a uniform policy, 0 for one that is certain.
    """
    scores = score(plan, parameters, tokens)
    rows = weights / weights.sum()
    gained = (advantages * scores.log_probability.sum(-1) * rows).sum()
    entropy = (scores.entropy.sum(-1) * rows).sum()
    most = (max_entropy(plan, tokens) * rows).sum()
    most = jnp.maximum(most, 1e-6)  # where every decision has a single choice
    decisions = jnp.maximum((decision_mask(plan, tokens).sum(-1) * rows).sum(), 1)
    pushed = barrier * most**2 / (jnp.sqrt(decisions) * (entropy + 0.01 * most))
    return pushed - gained, entropy / most


@partial(jax.jit, static_argnames="plan")
def _propose(
    plan: Plan,
    parameters: Parameters,
    stream: Key[Array, ""],
    trials: Int[Array, " B"],
    attempt: Int[Array, ""],
    given: Int[Array, "B T"],
) -> Int[Array, "B T"]:
    return sample(plan, parameters, draw_uniforms(plan, stream, trials, attempt), given).tokens


@partial(jax.jit, static_argnames=("plan", "hyperparameters"))
def _update(
    plan: Plan,
    hyperparameters: Hyperparameters,
    train_state: TrainState,
    tokens: Int[Array, "B T"],
    advantages: Float[Array, " B"],
    weights: Float[Array, " B"],
) -> tuple[TrainState, dict[str, Array]]:
    (loss, entropy), gradient = jax.value_and_grad(reinforce_loss, argnums=1, has_aux=True)(
        plan, train_state.parameters, tokens, advantages, weights, hyperparameters.barrier
    )
    change, moments = optimizer(hyperparameters).update(gradient, train_state.moments, train_state.parameters)
    metrics = {"loss": loss, "entropy": entropy, "gradient_norm": optax.tree.norm(gradient)}
    return TrainState(optax.apply_updates(train_state.parameters, change), moments), metrics


class Reinforce:
    """Samples from an LSTM policy and improves it by a gradient step for each batch of rewards.

    Proposing is one dispatch to the device, and so is an update. What is compiled is shared by all
    controllers with equal hyperparameters on equal spaces.

    Args:
      space: What is searched.
      hyperparameters: How the policy is built and learns.
      seed: Seed of the initial parameters and of all samples.
    """

    def __init__(self, space: Space, hyperparameters: Hyperparameters, *, seed: int) -> None:
        self.batch = hyperparameters.batch
        self._space = space
        self._hyperparameters = hyperparameters
        self._plan = make_plan(space)
        self._stream = jax.random.key(seed)
        self._train_state = init_train_state(self._plan, hyperparameters, seed)
        self._baseline = Baseline()

    def propose(
        self, first_trial: int, count: int, *, attempt: int = 0, pending: Sequence[Tokens] = ()
    ) -> list[Tokens]:
        """Token strings of consecutive trials, sampled from the policy as it stands.

        Samples batches of one size whatever the count, so that it compiles once.
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
        """One policy gradient step on finished trials, however many they are."""
        baseline, rewards = self._baseline.update(
            [trial.reward for trial in trials], self._hyperparameters.baseline_decay
        )
        if (
            not trials or np.isnan(rewards).any()
        ):  # nothing but failures so far: nothing is known to be better
            return {}
        advantages = rewards - (self._baseline.mean if self._baseline.count else baseline.mean)
        if self._hyperparameters.standardise:
            scale = baseline.deviation if baseline.deviation > 1e-9 * abs(baseline.mean) else np.inf
            advantages = np.clip(advantages / scale, -ADVANTAGE_CLIP, ADVANTAGE_CLIP)
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
        """Parameters, the optimiser's moments and the reward statistics."""
        statistics = {f"baseline/{name}": np.asarray(value) for name, value in asdict(self._baseline).items()}
        return to_arrays(self._train_state) | statistics

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over parameters, moments and statistics."""
        checked = check_state(state, self.state())
        self._train_state = from_arrays(checked, self._train_state)
        statistics = {field.name: float(checked[f"baseline/{field.name}"]) for field in fields(Baseline)}
        self._baseline = Baseline(**statistics)
