"""Samples batches of token strings from the policy, in one compiled scan.

Letters: B strings; T decisions; S steps; L anchor points; C conditions; K choices of the largest choice set; H
hidden units.

Inactive decisions and those that the depth schedule fixes have no probability and do not change the state of
the network. Strings of all depths therefore share one compiled program.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float, Int, Integer, Key

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

FREE = -1
"""Marks a token that is to be sampled."""


class Sample(NamedTuple):
    """A batch of sampled token strings.

    Attributes:
      tokens: The strings; `INACTIVE` for inactive decisions.
      log_probability: Log-probability of each string under the policy, in nats.
    """

    tokens: Int[Array, "B T"]
    log_probability: Float[Array, " B"]


def draw_uniforms(
    plan: Plan, key: Key[Array, ""], trials: Integer[Array, " B"], attempt: Integer[Array, ""] | int = 0
) -> Float[Array, "B T"]:
    """Draws a uniform number in [0, 1) for each decision of each trial.

    Args:
      plan: The compiled space.
      key: The random key of the search.
      trials: Numbers of the trials.
      attempt: Number of the attempt. Each pair of a trial and an attempt has its own random stream.
    """
    keys = jax.vmap(lambda trial: jax.random.fold_in(jax.random.fold_in(key, trial), attempt))(trials)
    return jax.vmap(lambda k: jax.random.uniform(k, (plan.length,)))(keys)


class _Carry(NamedTuple):
    states: tuple[LayerState, ...]
    fed: Float[Array, "B H"]  # input of the next step
    holds: Bool[Array, "B C"]  # conditions that still hold
    previous: Float[Array, "B L H"]  # W_prev h_j of the points so far
    log_probability: Float[Array, " B"]


def sample(
    plan: Plan,
    parameters: Parameters,
    uniforms: Float[Array, "B T"],
    given: Int[Array, "B T"],
    temperature: Float[Array, " B"] | None = None,
) -> Sample:
    """Samples one token string for each row, by inverting the cumulative distribution of each decision.

    Args:
      plan: The compiled space.
      parameters: The policy.
      uniforms: For each decision a uniform number in [0, 1), which determines its token.
      given: Tokens to keep where their decisions are active, or `FREE`. Scheduled decisions need a token.
      temperature: For each row a number that the logits are divided by before sampling; 1 by default.

    Returns:
      The strings. Their log-probabilities are those at temperature 1.
    """
    uniforms, given = jnp.asarray(uniforms), jnp.asarray(given)
    children, hidden = uniforms.shape[0], parameters.start.shape[0]
    kind, sizes, scheduled = jnp.asarray(plan.kind), jnp.asarray(plan.sizes), jnp.asarray(plan.scheduled)
    bits, is_edge = jnp.asarray(plan.bits), jnp.asarray(plan.bits != ABSENT)
    conditions = plan.conditions
    condition_of, row_of, still_holds = (
        jnp.asarray(conditions.condition_of),
        jnp.asarray(conditions.row_of),
        jnp.asarray(conditions.still_holds),
    )
    edges_are_asked = bool(conditions.row_of[plan.anchor_decisions].any())

    def tempered(logits: Float[Array, "B K"]) -> Float[Array, "B K"]:
        return logits if temperature is None else logits / temperature[:, None]

    def choose(carry: _Carry, top: Float[Array, "B H"], decision: Array) -> tuple[_Carry, Array, Array]:
        """Takes one decision from its softmax head."""
        logits = choice_logits(parameters, plan, decision, top)
        log_probabilities = jax.nn.log_softmax(logits)
        drawn_from = jax.nn.softmax(tempered(logits))
        passed = jnp.cumsum(drawn_from, axis=-1) <= uniforms[:, decision, None]
        drawn = jnp.minimum(passed.sum(-1), sizes[decision] - 1)
        token = jnp.where(given[:, decision] == FREE, drawn, given[:, decision])
        gained = jnp.take_along_axis(log_probabilities, token[:, None], axis=-1)[:, 0]
        active = carry.holds[:, condition_of[decision]]
        counts = active & ~scheduled[decision]
        fed = parameters.embedding[kind[decision], token]
        token = jnp.where(active, token, INACTIVE)
        carry = carry._replace(
            fed=jnp.where(counts[:, None], fed, carry.fed),
            holds=carry.holds & still_holds[row_of[decision], token + 1],
            log_probability=carry.log_probability + jnp.where(counts, gained, 0),
        )
        return carry, token, jnp.full((children, plan.points), INACTIVE)

    def connect(carry: _Carry, top: Float[Array, "B H"], point: Array) -> tuple[_Carry, Array, Array]:
        """Takes all decisions of one anchor point."""
        attention = parameters.attention
        assert attention is not None
        decisions = bits[point]
        logits = edge_logits(parameters, decisions, carry.previous, (top @ attention.current)[:, None])
        drawn = (uniforms[:, decisions] < jax.nn.sigmoid(tempered(logits))).astype(int)
        token = jnp.where(given[:, decisions] == FREE, drawn, given[:, decisions])
        gained = jax.nn.log_sigmoid(jnp.where(token == 1, logits, -logits))
        active = carry.holds[:, condition_of[decisions]] & is_edge[point]
        token = jnp.where(active, token, INACTIVE)
        fed = feed_points(attention, point, (token == 1).astype(float))
        holds = carry.holds
        if edges_are_asked:
            holds &= (still_holds[row_of[decisions], token + 1] | ~is_edge[point, :, None]).all(axis=1)
        carry = carry._replace(
            fed=jnp.where(point_is_active(carry, point)[:, None], fed, carry.fed),
            holds=holds,
            previous=carry.previous.at[:, point].set(top @ attention.previous),
            log_probability=carry.log_probability + jnp.where(active, gained, 0).sum(-1),
        )
        return carry, jnp.full(children, INACTIVE), token

    def point_is_active(carry: _Carry, point: Array) -> Bool[Array, " B"]:
        some = (carry.holds[:, condition_of[bits[point]]] & is_edge[point]).any(-1)
        return some | ~is_edge[point].any()  # a point without sources is always visited

    def step(carry: _Carry, index: tuple[Array, Array]) -> tuple[_Carry, tuple[Array, Array]]:
        decision, point = index
        active = carry.holds[:, condition_of[decision]] & ~scheduled[decision]
        if plan.points:
            active = jnp.where(point == ABSENT, active, point_is_active(carry, point))
        states, top = _advance(parameters, carry.states, carry.fed, active)
        carry = carry._replace(states=states)
        if not plan.points:
            carry, token, edges = choose(carry, top, decision)
        else:
            carry, token, edges = jax.lax.cond(
                point == ABSENT,
                lambda: choose(carry, top, decision),
                lambda: connect(carry, top, point),
            )
        return carry, (token, edges)

    start = _Carry(
        states=initial_states(parameters, children),
        fed=jnp.broadcast_to(parameters.start, (children, hidden)),
        holds=jnp.ones((children, conditions.count), bool),
        previous=jnp.zeros((children, plan.points, hidden)),
        log_probability=jnp.zeros(children),
    )
    steps = jnp.asarray(plan.decision), jnp.asarray(plan.point)
    carry, (tokens, edges) = jax.lax.scan(step, start, steps)
    fed_point, source = plan.edges.T
    chosen = tokens[plan.choice_steps].T
    connected = edges[plan.point_steps[fed_point], :, source].T
    return Sample(jnp.concatenate([chosen, connected], axis=1)[:, plan.decision_order], carry.log_probability)


def _advance(
    parameters: Parameters,
    states: tuple[LayerState, ...],
    fed: Float[Array, "B H"],
    active: Bool[Array, " B"],
) -> tuple[tuple[LayerState, ...], Float[Array, "B H"]]:
    """Runs all LSTM layers for one step; inactive rows keep their state."""
    following = []
    for layer, state in zip(parameters.layers, states, strict=True):
        gates = jnp.concatenate([fed, state[0]], axis=-1) @ layer.kernel + layer.bias
        following.append(where_active(active, cell(gates, state[1]), state))
        fed = following[-1][0]
    return tuple(following), fed
