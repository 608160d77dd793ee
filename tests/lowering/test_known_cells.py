"""LSTM, GRU and the vanilla RNN against those of Flax."""

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx

from nasctl.graph.cells import gru_cell, lstm_cell, vanilla_cell
from nasctl.lowering.recurrent import RecurrentCell

F, H = 4, 5


def columns(kernel: jax.Array, gate: int) -> jax.Array:
    return kernel[..., gate * H : (gate + 1) * H]


def test_lstm() -> None:
    ours = RecurrentCell(lstm_cell(), F, H, rngs=nnx.Rngs(0))
    theirs = nnx.LSTMCell(F, H, rngs=nnx.Rngs(1))
    ours.products["h"].bias[...] = jnp.arange(4.0 * H) / H
    for gate, name in enumerate("ifgo"):
        getattr(theirs, "if_" if name == "f" else f"i{name}").kernel[...] = columns(
            ours.products["x"].kernel[...], gate
        )
        getattr(theirs, f"h{name}").kernel[...] = columns(ours.products["h"].kernel[...], gate)
        getattr(theirs, f"h{name}").bias[...] = columns(ours.products["h"].bias[...], gate)
    x, h, c = (jax.random.normal(jax.random.key(seed), (3, size)) for seed, size in ((0, F), (1, H), (2, H)))
    (new_h, new_c), _ = ours((h, c), x)
    (flax_c, flax_h), _ = theirs((c, h), x)
    np.testing.assert_allclose(new_h, flax_h, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(new_c, flax_c, rtol=1e-5, atol=1e-6)


def test_gru() -> None:
    ours = RecurrentCell(gru_cell(), F, H, rngs=nnx.Rngs(0))
    theirs = nnx.GRUCell(F, H, rngs=nnx.Rngs(1))
    theirs.dense_i.kernel[...] = ours.products["x"].kernel[...]  # both in the order reset, update, new
    theirs.dense_h.kernel[...] = ours.products["h"].kernel[...]
    x, h = (jax.random.normal(jax.random.key(seed), (3, size)) for seed, size in ((0, F), (1, H)))
    np.testing.assert_allclose(ours((h,), x)[1], theirs(h, x)[1], rtol=1e-5, atol=1e-6)


def test_vanilla() -> None:
    ours = RecurrentCell(vanilla_cell(), F, H, rngs=nnx.Rngs(0))
    theirs = nnx.SimpleCell(F, H, rngs=nnx.Rngs(1))
    theirs.dense_i.kernel[...] = ours.products["x"].kernel[...]
    theirs.dense_h.kernel[...] = ours.products["h"].kernel[...]
    x, h = (jax.random.normal(jax.random.key(seed), (3, size)) for seed, size in ((0, F), (1, H)))
    np.testing.assert_allclose(ours((h,), x)[1], theirs(h, x)[1], rtol=1e-5, atol=1e-6)
