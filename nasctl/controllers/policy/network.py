"""The recurrent network of the policy: its parameters, one step of its LSTM, its heads.

Letters: B children, T decisions, S steps, L anchor points, K choices of the largest choice set, H units.

The input of a step says what the last step that was taken decided. After a decision it is the embedding of
the choice, shared by all decisions of a kind. After anchor point i it is the mean of learned embeddings of
the points: i's own and those of the points that were selected to feed it, so that the next layer knows where
it stands and what it may build on. The input of the first step is learned.
"""

from __future__ import annotations

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from nasctl.controllers.policy.plan import Plan

IMPOSSIBLE = -1e9
"""Logit of a choice that a kind does not have: its probability is exactly zero, its gradient too."""


class Layer(NamedTuple):
    """Parameters of one LSTM layer; the four gates are input, forget, candidate, output."""

    kernel: Float[Array, "2*H 4*H"]  # rows: input, then previous hidden state
    bias: Float[Array, " 4*H"]


class Attention(NamedTuple):
    """Parameters of the anchors: P(j feeds i) = sigmoid(vᵀ tanh(W_prev h_j + W_curr h_i))."""

    previous: Float[Array, "H H"]  # W_prev
    current: Float[Array, "H H"]  # W_curr
    vector: Float[Array, " H"]  # v
    embedding: Float[Array, "L H"]


class Parameters(NamedTuple):
    """Everything that the policy learns."""

    start: Float[Array, " H"]
    embedding: Float[Array, "kinds K H"]
    layers: tuple[Layer, ...]
    head: Float[Array, "kinds H K"]
    head_bias: Float[Array, "kinds K"]
    attention: Attention | None  # None where no point may feed another
    offsets: Float[Array, "T K"] | None  # each decision's own; of a bit, the first is that of "j feeds i"


LayerState = tuple[Float[Array, "B H"], Float[Array, "B H"]]
"""Hidden state and cell state of one layer."""


def initial_parameters(
    rng: np.random.Generator, plan: Plan, *, layers: int, hidden: int, scale: float, offsets: bool
) -> Parameters:
    """Draws all parameters uniformly from ±scale (paper, section 4.1: 0.08).

    Args:
      rng: Source of randomness.
      plan: The compiled space.
      layers: LSTM layers.
      hidden: Units of each, and length of the embeddings.
      scale: Largest absolute value.
      offsets: Whether decisions have offsets of their own on the logits of their kind's head.
    """

    def draw(*shape: int) -> Array:
        return jnp.asarray(rng.uniform(-scale, scale, shape), jnp.float32)

    kinds, most = len(plan.kind_sizes), int(plan.kind_sizes.max())
    return Parameters(
        start=draw(hidden),
        embedding=draw(kinds, most, hidden),
        layers=tuple(Layer(draw(2 * hidden, 4 * hidden), draw(4 * hidden)) for _ in range(layers)),
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


def cell(gates: Float[Array, "B 4*H"], memory: Float[Array, "B H"]) -> LayerState:
    """The LSTM's hidden and cell state after a step, from its gates before their nonlinearity."""
    write, keep, candidate, expose = jnp.split(gates, 4, axis=-1)
    memory = jax.nn.sigmoid(keep) * memory + jax.nn.sigmoid(write) * jnp.tanh(candidate)
    return jax.nn.sigmoid(expose) * jnp.tanh(memory), memory


def initial_states(parameters: Parameters, children: int) -> tuple[LayerState, ...]:
    """State of every layer before the first step: zeros."""
    zeros = jnp.zeros((children, parameters.start.shape[0]))
    return ((zeros, zeros),) * len(parameters.layers)


def where_active(active: Bool[Array, " B"], new: LayerState, old: LayerState) -> LayerState:
    """The new state for rows that are active, the old one for the others."""
    hidden, memory = (jnp.where(active[:, None], a, b) for a, b in zip(new, old, strict=True))
    return hidden, memory


def choice_logits(
    parameters: Parameters, plan: Plan, decision: Int[Array, ...], hidden: Float[Array, "... B H"]
) -> Float[Array, "... B K"]:
    """Logits of the choices of one or more decisions; `IMPOSSIBLE` beyond those that exist."""
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
    """Logits of "j feeds i" for one or more bits of anchors, from W_prev h_j and W_curr h_i."""
    assert parameters.attention is not None
    logits = jnp.tanh(previous + current) @ parameters.attention.vector
    return logits if parameters.offsets is None else logits + parameters.offsets[decision, 0]


def feed_points(
    attention: Attention, point: Int[Array, ...], selected: Float[Array, "... L"]
) -> Float[Array, "... H"]:
    """Input of the step after an anchor point: the mean embedding of the point and of those that feed it.

    Args:
      attention: The anchors' parameters.
      point: Number of the point.
      selected: 1 for the points that were selected to feed it, 0 for the others.
    """
    total = attention.embedding[point] + selected @ attention.embedding
    return total / (1 + selected.sum(-1, keepdims=True))
