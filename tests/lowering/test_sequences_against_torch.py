"""Networks that read a whole sequence, against PyTorch with the same weights; needs the extra `oracle`."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from nasctl.dialects import parse_space
from nasctl.graph import Signature, bind
from nasctl.graph.cells import lstm_cell, vanilla_cell, with_cell
from nasctl.lowering import build
from nasctl.space import sample_uniform

torch = pytest.importorskip("torch")
from torch_sequences import TorchClassifier  # noqa: E402

pytestmark = pytest.mark.oracle

SPACE = """space rnn
input series
cell tree { base 4 combine in {add, elem_mult} activation in {tanh, sigmoid, identity}
  inject { combine in {add, elem_mult} activation in {tanh, relu} } }
stack 2
hidden 6"""


@pytest.mark.parametrize(
    ("cell", "layer"), [(lstm_cell, torch.nn.LSTM), (vanilla_cell, torch.nn.RNN)], ids=["LSTM", "vanilla"]
)
def test_logits_and_gradients_are_those_of_pytorch(cell, layer) -> None:
    space = parse_space(SPACE, name="test")
    graph = space.decode(sample_uniform(space, np.random.default_rng(0))).graph
    graph = bind(with_cell(graph, cell(), params=900), Signature((9, 3), 4))
    network = build(graph, seed=3)
    reference = TorchClassifier(network, layer)
    with torch.no_grad():
        for number in range(2):
            getattr(reference.layers, f"bias_ih_l{number}").zero_()
    values = np.random.default_rng(0).normal(size=(2, 9, 3)).astype(np.float32)
    weights = np.random.default_rng(5).normal(size=(2, 4))

    graphdef, parameters, rest = nnx.split(network, nnx.Param, ...)

    def loss(parameters):
        return jnp.sum(nnx.merge(graphdef, parameters, rest)(jnp.asarray(values)) * weights)

    gradient = nnx.merge(graphdef, jax.grad(loss)(parameters), rest)
    logits = reference(torch.tensor(values, dtype=torch.float64))
    (logits * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(network(jnp.asarray(values)), logits.detach().numpy(), rtol=1e-4, atol=1e-5)
    for ours, theirs in reference.pairs(gradient):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-3, atol=1e-5)
