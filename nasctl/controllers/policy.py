"""The policy: samples token strings, and gives the probabilities of given ones, one compiled scan each.

Letters: B children, T decisions, S steps, L anchor points, C conditions, K choices of the largest choice
  set, H units.

Decisions that are not active have no probability and leave the network's state as it is, and so do those
that the depth schedule fixes: a deeper network is a longer string of the same program.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, Key

from nasctl.controllers.network import (
    LayerState,
    Parameters,
    cell,
    choice_logits,
    edge_logits,
    feed_points,
)
from nasctl.controllers.plan import NOT_ONE, Plan
from nasctl.space import INACTIVE

FREE = -1
"""Among given tokens: this one is to be sampled."""


class Sample(NamedTuple):
    """Sampled token strings and the logarithm of the probability of each."""

    tokens: Int[Array, "B T"]
    log_probability: Float[Array, " B"]


class Score(NamedTuple):
    """What the policy says about given token strings, decision by decision; 0 where nothing was to decide.

    Attributes:
      log_probability: Logarithm of the probability of the token, given the tokens before it, in nats.
      entropy: Entropy of the distribution that it comes from, in nats.
    """

    log_probability: Float[Array, "B T"]
    entropy: Float[Array, "B T"]


def draw_uniforms(
    plan: Plan, key: Key[Array, ""], trials: Int[Array, " B"], attempt: Int[Array, ""] | int = 0
) -> Float[Array, "B T"]:
    """A uniform number in [0, 1) for each decision of each trial, from a stream keyed by trial and attempt."""
    keys = jax.vmap(lambda trial: jax.random.fold_in(jax.random.fold_in(key, trial), attempt))(trials)
    return jax.vmap(lambda k: jax.random.uniform(k, (plan.length,)))(keys)


class _Carry(NamedTuple):
    states: tuple[LayerState, ...]
    fed: Float[Array, "B H"]  # input of the next step
    holds: Bool[Array, "B C"]  # conditions that still hold
    previous: Float[Array, "B L H"]  # W_prev h_j of the points so far
    log_probability: Float[Array, " B"]


def sample(
    plan: Plan, parameters: Parameters, uniforms: Float[Array, "B T"], given: Int[Array, "B T"]
) -> Sample:
    """Samples a token string for each row by inverting the cumulative distribution of each decision.

    Args:
      plan: The compiled space.
      parameters: The network.
      uniforms: Numbers in [0, 1); row and column decide one token.
      given: Tokens to take where they are active, or `FREE`; must hold one for scheduled decisions.
    """
    uniforms, given = jnp.asarray(uniforms), jnp.asarray(given)
    children = uniforms.shape[0]
    hidden = parameters.start.shape[0]
    conditions = plan.conditions
    bits = jnp.asarray(plan.bits)
    is_edge = bits != NOT_ONE
    has_sources = jnp.asarray((plan.bits != NOT_ONE).any(axis=-1))
    of, row, stands = (jnp.asarray(array) for array in (conditions.of, conditions.row, conditions.stands))
    edges_are_asked = bool(conditions.row[plan.anchor_decisions].any())

    def choose(
        carry: _Carry, top: Float[Array, "B H"], decision: Int[Array, ""]
    ) -> tuple[_Carry, Array, Array]:
        log_probabilities = jax.nn.log_softmax(choice_logits(parameters, plan, decision, top))
        reached = jnp.cumsum(jnp.exp(log_probabilities), axis=-1) <= uniforms[:, decision, None]
        drawn = jnp.minimum(reached.sum(-1), jnp.asarray(plan.sizes)[decision] - 1)
        token = jnp.where(given[:, decision] == FREE, drawn, given[:, decision])
        active = carry.holds[:, of[decision]]
        counts = active & ~jnp.asarray(plan.scheduled)[decision]
        gained = jnp.take_along_axis(log_probabilities, token[:, None], axis=-1)[:, 0]
        token = jnp.where(active, token, INACTIVE)
        carry = carry._replace(
            fed=jnp.where(
                counts[:, None], parameters.embedding[jnp.asarray(plan.kind)[decision], token], carry.fed
            ),
            holds=carry.holds & stands[row[decision], token + 1],
            log_probability=carry.log_probability + jnp.where(counts, gained, 0),
        )
        return carry, token, jnp.full((children, plan.points), INACTIVE)

    def connect(
        carry: _Carry, top: Float[Array, "B H"], point: Int[Array, ""]
    ) -> tuple[_Carry, Array, Array]:
        attention = parameters.attention
        assert attention is not None
        logits = edge_logits(parameters, bits[point], carry.previous, (top @ attention.current)[:, None])
        drawn = (uniforms[:, bits[point]] < jax.nn.sigmoid(logits)).astype(int)
        token = jnp.where(given[:, bits[point]] == FREE, drawn, given[:, bits[point]])
        active = carry.holds[:, of[bits[point]]] & is_edge[point]
        gained = jax.nn.log_sigmoid(jnp.where(token == 1, logits, -logits))
        token = jnp.where(active, token, INACTIVE)
        taken = active.any(-1) | ~has_sources[point]
        holds = carry.holds
        if edges_are_asked:
            holds &= (stands[row[bits[point]], token + 1] | ~is_edge[point, :, None]).all(-2)
        carry = carry._replace(
            fed=jnp.where(taken[:, None], feed_points(attention, point, (token == 1) * 1.0), carry.fed),
            holds=holds,
            previous=carry.previous.at[:, point].set(top @ attention.previous),
            log_probability=carry.log_probability + jnp.where(active, gained, 0).sum(-1),
        )
        return carry, jnp.full(children, INACTIVE), token

    def step(carry: _Carry, place: tuple[Array, Array]) -> tuple[_Carry, tuple[Array, Array]]:
        decision, point = place
        active = carry.holds[:, of[decision]] & ~jnp.asarray(plan.scheduled)[decision]
        if plan.points:
            some = (carry.holds[:, of[bits[point]]] & is_edge[point]).any(-1) | ~has_sources[point]
            active = jnp.where(point == NOT_ONE, active, some)
        states, top = _advance(parameters, carry.states, carry.fed, active)
        carry = carry._replace(states=states)
        if not plan.points:
            carry, token, edges = choose(carry, top, decision)
        else:
            carry, token, edges = jax.lax.cond(
                point == NOT_ONE,
                lambda: choose(carry, top, decision),
                lambda: connect(carry, top, point),
            )
        return carry, (token, edges)

    carry, (tokens, edges) = jax.lax.scan(
        step,
        _Carry(
            states=_initial_states(parameters, children),
            fed=jnp.broadcast_to(parameters.start, (children, hidden)),
            holds=jnp.ones((children, conditions.count), bool),
            previous=jnp.zeros((children, plan.points, hidden)),
            log_probability=jnp.zeros(children),
        ),
        (jnp.asarray(plan.decision), jnp.asarray(plan.point)),
    )
    fed_point, source = plan.edges.T
    chosen = tokens[plan.choice_steps].T
    connected = edges[plan.point_steps[fed_point], :, source].T
    return Sample(jnp.concatenate([chosen, connected], axis=1)[:, plan.place], carry.log_probability)


def score(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Score:
    """Log-probability and entropy at every decision of given token strings.

    Since all tokens are known, the scan does the recurrent products only; everything else is done for all
    steps at once, before and after it.
    """
    tokens = jnp.asarray(tokens)
    hidden = _hidden_states(plan, parameters, tokens)
    choice_steps = plan.choice_steps
    decisions = jnp.asarray(plan.decision[choice_steps])
    counts = (tokens != INACTIVE) & ~plan.scheduled

    logits = choice_logits(parameters, plan, decisions, hidden[choice_steps])
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

    order = plan.place
    return Score(
        jnp.where(counts, jnp.concatenate(taken, axis=1)[:, order], 0),
        jnp.where(counts, jnp.concatenate(entropy, axis=1)[:, order], 0),
    )


def log_probabilities(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Float[Array, " B"]:
    """Logarithm of the probability of each token string, in nats."""
    return score(plan, parameters, tokens).log_probability.sum(-1)


def _hidden_states(plan: Plan, parameters: Parameters, tokens: Int[Array, "B T"]) -> Float[Array, "S B H"]:
    """The top layer's hidden state at every step of given token strings."""
    children = tokens.shape[0]
    counts = (tokens != INACTIVE) & ~plan.scheduled
    active = counts[:, plan.decision].T
    fed = parameters.embedding[plan.kind[plan.decision], jnp.maximum(tokens[:, plan.decision], 0)].swapaxes(
        0, 1
    )
    if parameters.attention is not None:
        is_edge = plan.bits != NOT_ONE
        some = (counts[:, plan.bits] & is_edge).any(-1) | ~is_edge.any(-1)
        selected = (tokens[:, plan.bits] == 1) & is_edge
        active = active.at[plan.point_steps].set(some.T)
        after_points = feed_points(parameters.attention, jnp.arange(plan.points), selected * 1.0)
        fed = fed.at[plan.point_steps].set(after_points.swapaxes(0, 1))

    # The input of a step is what the last active step before it feeds, and `start` before any.
    start = jnp.broadcast_to(parameters.start, (1, children, parameters.start.shape[0]))
    latest = jax.lax.cummax(jnp.where(active, np.arange(1, plan.steps + 1)[:, None], 0), axis=0)
    before = jnp.concatenate([jnp.zeros((1, children), int), latest[:-1]])
    inputs = jnp.take_along_axis(jnp.concatenate([start, fed]), before[..., None], axis=0)

    for layer, state in zip(parameters.layers, _initial_states(parameters, children), strict=True):
        into, across = jnp.split(layer.kernel, 2)

        def step(
            state: LayerState, at: tuple[Array, Array], across: Array = across
        ) -> tuple[LayerState, Float[Array, "B H"]]:
            gates, active = at
            state = _keep(active, cell(gates + state[0] @ across, state[1]), state)
            return state, state[0]

        _, inputs = jax.lax.scan(step, state, (inputs @ into + layer.bias, active))
    return inputs


def _initial_states(parameters: Parameters, children: int) -> tuple[LayerState, ...]:
    zeros = jnp.zeros((children, parameters.start.shape[0]))
    return ((zeros, zeros),) * len(parameters.layers)


def _advance(
    parameters: Parameters,
    states: tuple[LayerState, ...],
    fed: Float[Array, "B H"],
    active: Bool[Array, " B"],
) -> tuple[tuple[LayerState, ...], Float[Array, "B H"]]:
    """One step of all layers; rows that are not active keep their state."""
    following = []
    for layer, state in zip(parameters.layers, states, strict=True):
        gates = jnp.concatenate([fed, state[0]], axis=-1) @ layer.kernel + layer.bias
        following.append(_keep(active, cell(gates, state[1]), state))
        fed = following[-1][0]
    return tuple(following), fed


def _keep(active: Bool[Array, " B"], new: LayerState, old: LayerState) -> LayerState:
    hidden, memory = (jnp.where(active[:, None], a, b) for a, b in zip(new, old, strict=True))
    return hidden, memory
