"""Scores given token strings under the policy, in one compiled scan that can be differentiated.

Letters: B strings; T decisions; S steps; L anchor points; K choices of the largest choice set; H hidden units.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nasctl.controllers.policy.network import (
    LayerState,
    Parameters,
    cell,
    choice_logits,
    edge_logits,
    feed_points,
    initial_states,
    where_active,
)
from nasctl.controllers.policy.plan import ABSENT, Plan
from nasctl.space import INACTIVE


class Score(NamedTuple):
    """Log-probability and entropy of each decision; 0 for inactive and scheduled decisions.

    Attributes:
      log_probability: Log-probability of the token given the tokens before it, in nats.
      entropy: Entropy of the distribution of the token, in nats.
    """

    log_probability: Float[Array, "B T"]
    entropy: Float[Array, "B T"]


def score(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Score:
    """Scores every decision of given token strings.

    All tokens are known, so the scan contains only the recurrent products. Everything else is computed for all
    steps at once, before and after it.

    Args:
      plan: The compiled space.
      parameters: The policy.
      tokens: Valid token strings.
    """
    tokens = jnp.asarray(tokens)
    hidden = _hidden_states(plan, parameters, tokens)
    counts = decision_mask(plan, tokens)

    decisions = jnp.asarray(plan.decision[plan.choice_steps])
    logits = choice_logits(parameters, plan, decisions, hidden[plan.choice_steps])
    log_probabilities = jax.nn.log_softmax(logits)
    token = jnp.maximum(tokens[:, decisions], 0).T
    taken = [jnp.take_along_axis(log_probabilities, token[..., None], axis=-1)[..., 0].T]
    entropy = [-(jnp.exp(log_probabilities) * log_probabilities).sum(-1).T]

    attention = parameters.attention
    if attention is not None:
        fed_point, source = plan.edges.T
        at_points = hidden[plan.point_steps].swapaxes(0, 1)
        previous = (at_points @ attention.previous)[:, source]
        current = (at_points @ attention.current)[:, fed_point]
        edge = edge_logits(parameters, jnp.asarray(plan.anchor_decisions), previous, current)
        sign = jnp.where(tokens[:, plan.anchor_decisions] == 1, 1, -1)
        taken.append(jax.nn.log_sigmoid(sign * edge))
        entropy.append(jax.nn.softplus(edge) - edge * jax.nn.sigmoid(edge))

    return Score(
        jnp.where(counts, jnp.concatenate(taken, axis=1)[:, plan.decision_order], 0),
        jnp.where(counts, jnp.concatenate(entropy, axis=1)[:, plan.decision_order], 0),
    )


def decision_mask(plan: Plan, tokens: Int[Array, "B T"]) -> Bool[Array, "B T"]:
    """Which tokens the policy decides: those of active decisions that no schedule fixes."""
    counts: Bool[Array, "B T"] = (tokens != INACTIVE) & ~plan.scheduled
    return counts


def max_entropy(plan: Plan, tokens: Int[Array, "B T"]) -> Float[Array, " B"]:
    """Entropy of a uniform policy over the decisions of each string, in nats."""
    return jnp.where(decision_mask(plan, tokens), jnp.log(plan.sizes), 0).sum(-1)


def log_probabilities(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Float[Array, " B"]:
    """Log-probability of each token string, in nats."""
    return score(plan, parameters, tokens).log_probability.sum(-1)


def _hidden_states(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Float[Array, "S B H"]:
    """The hidden state of the top layer at every step of given token strings."""
    children = tokens.shape[0]
    counts = decision_mask(plan, tokens)
    active = counts[:, plan.decision].T
    chosen = jnp.maximum(tokens[:, plan.decision], 0).T
    fed = parameters.embedding[plan.kind[plan.decision][:, None], chosen]
    if parameters.attention is not None:
        is_edge = plan.bits != ABSENT
        some = (counts[:, plan.bits] & is_edge).any(-1) | ~is_edge.any(-1)
        selected = (tokens[:, plan.bits] == 1) & is_edge
        active = active.at[plan.point_steps].set(some.T)
        after_points = feed_points(parameters.attention, jnp.arange(plan.points), selected.astype(float))
        fed = fed.at[plan.point_steps].set(after_points.swapaxes(0, 1))

    # The input of a step comes from the latest active step before it, or is `start` if there is none.
    start = jnp.broadcast_to(parameters.start, (1, children, parameters.start.shape[0]))
    latest = jax.lax.cummax(jnp.where(active, np.arange(1, plan.steps + 1)[:, None], 0), axis=0)
    before = jnp.concatenate([jnp.zeros((1, children), int), latest[:-1]])
    inputs = jnp.take_along_axis(jnp.concatenate([start, fed]), before[..., None], axis=0)

    for layer, state in zip(parameters.layers, initial_states(parameters, children), strict=True):
        into, across = jnp.split(layer.kernel, 2)

        def step(
            state: LayerState, at: tuple[Array, Array], across: Array = across
        ) -> tuple[LayerState, Float[Array, "B H"]]:
            gates, active = at
            state = where_active(active, cell(gates + state[0] @ across, state[1]), state)
            return state, state[0]

        _, inputs = jax.lax.scan(step, state, (inputs @ into + layer.bias, active))
    return inputs
