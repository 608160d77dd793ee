"""The LSTM controller: a policy over token strings that learns by REINFORCE (Zoph & Le 2017, section 3.2).

Letters: B children, T decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jaxtyping import Array, Float, Int

from nasctl.controllers.baseline import Baseline
from nasctl.controllers.controller import Observation, State
from nasctl.controllers.network import Parameters, initial_parameters
from nasctl.controllers.plan import Plan, make_plan
from nasctl.controllers.policy import FREE, draw_uniforms, sample, score
from nasctl.controllers.presets import Settings
from nasctl.controllers.state import check_state
from nasctl.space import INACTIVE, Space, Tokens

CLIP = 3.0
"""Standardised advantages are clipped to this on either side: one failure must not undo a search."""


class Learner(NamedTuple):
    """What an update changes: the policy and the state of its optimiser."""

    parameters: Parameters
    optimizer: optax.OptState


def reinforce_loss(
    plan: Plan,
    parameters: Parameters,
    tokens: Int[Array, "B T"],
    advantages: Float[Array, " B"],
    weights: Float[Array, " B"],
    entropy_weight: float,
) -> tuple[Float[Array, ""], Float[Array, ""]]:
    """The loss whose gradient is that of REINFORCE: -mean(A log P(tokens)) - entropy_weight · mean(entropy).

    Args:
      plan: The compiled space.
      parameters: The policy.
      tokens: Token strings that were tried.
      advantages: A, reward less baseline; a constant to the gradient.
      weights: 1 for rows that count, 0 for padding.
      entropy_weight: Weight of the entropy, summed over the decisions of a string.

    Returns:
      The loss, and the mean entropy of a decision relative to that of a uniform choice (1 uniform, 0
      certain).
    """
    scores = score(plan, parameters, tokens)
    rows = weights / weights.sum()
    gained = (advantages * scores.log_probability.sum(-1) * rows).sum()
    entropy = (scores.entropy.sum(-1) * rows).sum()
    most = jnp.where((tokens != INACTIVE) & ~plan.scheduled, jnp.log(plan.sizes), 0).sum(-1)
    relative = entropy / jnp.maximum((most * rows).sum(), 1e-6)
    return -gained - entropy_weight * entropy, relative


class Reinforce:
    """Samples from an LSTM policy and improves it by a gradient step for each batch of rewards.

    Proposing is one dispatch to the device, and so is an update.

    Args:
      space: What is searched.
      settings: How the policy is built and learns.
      seed: Seed of the initial parameters and of all samples.
    """

    def __init__(self, space: Space, settings: Settings, *, seed: int) -> None:
        self.batch = settings.batch
        self._space = space
        self._settings = settings
        self._baseline = Baseline()
        plan = make_plan(space)
        self._plan = plan
        initial, self._stream = jax.random.split(jax.random.key(seed))
        optimizer = optax.adam(settings.learning_rate)
        if settings.gradient_norm:
            optimizer = optax.chain(optax.clip_by_global_norm(settings.gradient_norm), optimizer)

        @jax.jit
        def start() -> Learner:
            parameters = initial_parameters(
                initial, plan, layers=settings.layers, hidden=settings.hidden, scale=settings.initial_scale
            )
            return Learner(parameters, optimizer.init(parameters))

        @jax.jit
        def propose(
            parameters: Parameters, trials: Int[Array, " B"], given: Int[Array, "B T"]
        ) -> Int[Array, "B T"]:
            return sample(plan, parameters, draw_uniforms(self._stream, trials, plan), given).tokens

        @jax.jit
        def update(
            learner: Learner,
            tokens: Int[Array, "B T"],
            advantages: Float[Array, " B"],
            weights: Float[Array, " B"],
        ) -> tuple[Learner, dict[str, Array]]:
            loss = partial(reinforce_loss, plan)
            (value, entropy), gradient = jax.value_and_grad(loss, has_aux=True)(
                learner.parameters, tokens, advantages, weights, settings.entropy
            )
            change, state = optimizer.update(gradient, learner.optimizer, learner.parameters)
            metrics = {"loss": value, "entropy": entropy, "gradient_norm": optax.tree.norm(gradient)}
            return Learner(optax.apply_updates(learner.parameters, change), state), metrics

        self._propose = propose
        self._update = update
        self._learner = start()

    def propose(self, first_trial: int, count: int) -> list[Tokens]:
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
            tokens = self._propose(self._learner.parameters, np.array(trials, np.uint32), given)
            proposals += [tuple(row) for row in np.asarray(tokens).tolist()]
        return proposals[:count]

    def observe(self, trials: Sequence[Observation]) -> Mapping[str, float]:
        """One policy gradient step on finished trials, however many they are."""
        baseline, rewards = self._baseline.update(
            [trial.reward for trial in trials], self._settings.baseline_decay
        )
        if (
            not trials or np.isnan(rewards).any()
        ):  # nothing but failures so far: nothing is known to be better
            return {}
        advantages = rewards - (self._baseline.mean if self._baseline.count else baseline.mean)
        if self._settings.standardise:
            scale = baseline.deviation if baseline.deviation > 1e-9 * abs(baseline.mean) else np.inf
            advantages = np.clip(advantages / scale, -CLIP, CLIP)
        padded = -len(trials) % self.batch
        rows = [trial.tokens for trial in trials] + [trials[0].tokens] * padded
        self._learner, metrics = self._update(
            self._learner,
            np.array(rows, np.int32),
            np.pad(advantages, (0, padded)).astype(np.float32),
            np.pad(np.ones(len(trials), np.float32), (0, padded)),
        )
        self._baseline = baseline
        logged = {name: float(value) for name, value in jax.device_get(metrics).items()}
        return logged | {"baseline": baseline.mean, "deviation": baseline.deviation}

    def state(self) -> State:
        """Parameters, the optimiser's moments and the reward statistics."""
        leaves, _ = jax.tree_util.tree_flatten_with_path(self._learner)
        named = {jax.tree_util.keystr(path, simple=True, separator="/"): leaf for path, leaf in leaves}
        statistics = {f"baseline/{name}": np.asarray(value) for name, value in asdict(self._baseline).items()}
        return {name: np.array(leaf) for name, leaf in named.items()} | statistics

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Takes over parameters, moments and statistics."""
        checked = check_state(state, self.state())
        leaves, structure = jax.tree.flatten(self._learner)
        names = list(checked)
        self._learner = jax.tree.unflatten(structure, [jnp.asarray(checked[n]) for n in names[: len(leaves)]])
        self._baseline = Baseline(
            **{n.removeprefix("baseline/"): float(checked[n]) for n in names[len(leaves) :]}
        )
