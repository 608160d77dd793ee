"""The recurrent network of the policy: its parameters, one LSTM step, and its output heads.

Letters: B strings; T decisions; L anchor points; K choices of the largest choice set; H hidden units.

The input of a step encodes what the previous active step decided. After a decision, it is the embedding of the
choice, which all decisions of the same kind share. After anchor point i, it is the mean of the embeddings of
point i and of the points selected to feed it, so that the next layer knows its position and its possible
sources. The input of the first step is learned.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nasctl.controllers.policy.plan import Plan

IMPOSSIBLE = -1e9
"""Logit of a choice that a decision does not have: its probability and its gradient are exactly zero."""


class LstmLayer(NamedTuple):
    """Parameters of one LSTM layer. The four gates are, in order, input, forget, candidate and output."""

    kernel: Float[Array, "2*H 4*H"]  # rows: input, then previous hidden state
    bias: Float[Array, " 4*H"]


class Attention(NamedTuple):
    """Parameters of the anchor points: P(j feeds i) = sigmoid(vᵀ tanh(W_prev h_j + W_curr h_i)).

    Zoph & Le 2017, section 3.3.
    """

    previous: Float[Array, "H H"]  # W_prev
    current: Float[Array, "H H"]  # W_curr
    vector: Float[Array, " H"]  # v
    embedding: Float[Array, "L H"]


class Parameters(NamedTuple):
    """All parameters of the policy."""

    start: Float[Array, " H"]
    embedding: Float[Array, "kinds K H"]
    layers: tuple[LstmLayer, ...]
    head: Float[Array, "kinds H K"]
    head_bias: Float[Array, "kinds K"]
    attention: Attention | None  # None if the space has no skip connections
    offsets: Float[Array, "T K"] | None  # for "j feeds i", the first column


LayerState = tuple[Float[Array, "B H"], Float[Array, "B H"]]
"""Hidden state and cell state of one layer."""


def initial_parameters(
    rng: np.random.Generator, plan: Plan, *, layers: int, hidden: int, scale: float, offsets: bool
) -> Parameters:
    """Draws all parameters uniformly from [-scale, scale] (Zoph & Le 2017, section 4.1: 0.08).

    Args:
      rng: Source of randomness.
      plan: The compiled space.
      layers: Number of LSTM layers.
      hidden: Number of hidden units of each layer, and length of the embeddings.
      scale: Largest absolute value.
      offsets: Whether each decision has its own offsets on the logits of its head (`Parameters.offsets`).
    """

    def draw(*shape: int) -> Array:
        return jnp.asarray(rng.uniform(-scale, scale, shape), jnp.float32)

    kinds, most = len(plan.kind_sizes), int(plan.kind_sizes.max())
    return Parameters(
        start=draw(hidden),
        embedding=draw(kinds, most, hidden),
        layers=tuple(LstmLayer(draw(2 * hidden, 4 * hidden), draw(4 * hidden)) for _ in range(layers)),
        head=draw(kinds, hidden, most),
        head_bias=draw(kinds, most),
        attention=Attention(
            previous=draw(hidden, hidden),
            current=draw(hidden, hidden),
            vector=draw(hidden),
            embedding=draw(plan.points, hidden),
        )
        if plan.points
        else None,
        offsets=draw(plan.length, most) if offsets else None,
    )


def cell(gates: Float[Array, "B gates"], memory: Float[Array, "B H"]) -> LayerState:
    """One LSTM step.

    Args:
      gates: The pre-activations of the gates, in the order of `LstmLayer`.
      memory: The cell state.

    Returns:
      The new hidden state and cell state.
    """
    write, keep, candidate, expose = jnp.split(gates, 4, axis=-1)
    memory = jax.nn.sigmoid(keep) * memory + jax.nn.sigmoid(write) * jnp.tanh(candidate)
    return jax.nn.sigmoid(expose) * jnp.tanh(memory), memory


def initial_states(parameters: Parameters, children: int) -> tuple[LayerState, ...]:
    """The state of every layer before the first step: zeros."""
    zeros = jnp.zeros((children, parameters.start.shape[0]))
    return ((zeros, zeros),) * len(parameters.layers)


def where_active(active: Bool[Array, " B"], new: LayerState, old: LayerState) -> LayerState:
    """Selects the new state for active rows and the old state for the others."""
    hidden, memory = (jnp.where(active[:, None], a, b) for a, b in zip(new, old, strict=True))
    return hidden, memory


def choice_logits(
    parameters: Parameters, plan: Plan, decision: Int[Array, ...], hidden: Float[Array, "... B H"]
) -> Float[Array, "... B K"]:
    """Logits of the choices of one or more decisions.

    Args:
      parameters: The policy.
      plan: The compiled space.
      decision: Indices of the decisions.
      hidden: Hidden states of the top layer at their steps.

    Returns:
      The logits, `IMPOSSIBLE` for choices that a decision does not have.
    """
    kind = jnp.asarray(plan.kind)[decision]
    bias = parameters.head_bias[kind]
    if parameters.offsets is not None:
        bias += parameters.offsets[decision]
    logits = hidden @ parameters.head[kind] + bias[..., None, :]
    exists = jnp.arange(logits.shape[-1]) < jnp.asarray(plan.sizes)[decision][..., None, None]
    return jnp.where(exists, logits, IMPOSSIBLE)


def edge_logits(
    parameters: Parameters,
    decision: Int[Array, ...],
    previous: Float[Array, "... H"],
    current: Float[Array, "... H"],
) -> Float[Array, ...]:
    """Logits of "point j feeds point i" for one or more decisions of anchor points.

    Args:
      parameters: The policy.
      decision: Indices of the decisions.
      previous: W_prev h_j.
      current: W_curr h_i.
    """
    assert parameters.attention is not None
    logits = jnp.tanh(previous + current) @ parameters.attention.vector
    return logits if parameters.offsets is None else logits + parameters.offsets[decision, 0]


def feed_points(
    attention: Attention, point: Int[Array, ...], selected: Float[Array, "... L"]
) -> Float[Array, "... H"]:
    """The input of the step after an anchor point: the mean embedding of the point and of the points that feed it.

    Args:
      attention: The parameters of the anchor points.
      point: Index of the point.
      selected: 1 for the points that feed it, 0 for the others.
    """
    total = attention.embedding[point] + selected @ attention.embedding
    return total / (1 + selected.sum(-1, keepdims=True))
