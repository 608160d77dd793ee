"""Networks that read a whole sequence and predict from its last step, against PyTorch, and their padding."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import torch
from flax import nnx

from nasctl.dialects import parse_space
from nasctl.graph import Graph, Signature, bind
from nasctl.graph.cells import lstm_cell, vanilla_cell, with_cell
from nasctl.graph.tree_cell import TreeOps
from nasctl.lowering import Network, build
from nasctl.lowering.dynamic_tree_cell import use_dynamic_cells
from nasctl.space import sample_uniform

SERIES = Signature((9, 3), 4)
DOCUMENTS = Signature((9,), 4, vocabulary=13)
TREE = """cell tree { base 4 combine in {add, elem_mult} activation in {tanh, sigmoid, identity}
  inject { combine in {add, elem_mult} activation in {tanh, relu} } }
  stack 2"""


def graph_of(ends: str, seed: int = 0) -> Graph:
    space = parse_space(f"space rnn {ends} {TREE} hidden 6", name="test")
    return space.decode(sample_uniform(space, np.random.default_rng(seed))).graph


def series(seed: int = 0, padded: int = 0) -> np.ndarray:
    """Two series of 9 steps and 3 features; the first `padded` steps of the second are padding."""
    values = np.random.default_rng(seed).normal(size=(2, 9, 3)).astype(np.float32)
    values[1, :padded] = np.nan
    return values


def documents(padded: int = 0) -> np.ndarray:
    tokens = np.random.default_rng(1).integers(0, 13, (2, 9)).astype(np.int32)
    tokens[1, :padded] = -1
    return tokens


class TorchClassifier(torch.nn.Module):
    """A projection, two layers of LSTM or of a vanilla RNN, and a linear layer on the last step."""

    def __init__(self, network: Network, layer: type[torch.nn.RNNBase]) -> None:
        super().__init__()
        units = network.nodes["projection"].kernel.shape[1]
        self.projection = torch.nn.Linear(3, units)
        self.layers = layer(units, units, num_layers=2, batch_first=True)
        self.output = torch.nn.Linear(units, 4)
        self.double()
        with torch.no_grad():
            for name, weights in self.pairs(network):
                weights.copy_(torch.tensor(np.asarray(name, np.float64)))

    def pairs(self, network: Network) -> list[tuple[np.ndarray, torch.Tensor]]:
        """Our weights in PyTorch's layout, and PyTorch's. PyTorch's second bias stays zero."""
        found = [
            (network.nodes["projection"].kernel[...].T, self.projection.weight),
            (network.nodes["projection"].bias[...], self.projection.bias),
            (network.nodes["output"].kernel[...].T, self.output.weight),
            (network.nodes["output"].bias[...], self.output.bias),
        ]
        for number in range(2):
            products = network.nodes[f"layer{number + 1}"].cell.products
            found += [
                (products["x"].kernel[...].T, getattr(self.layers, f"weight_ih_l{number}")),
                (products["h"].kernel[...].T, getattr(self.layers, f"weight_hh_l{number}")),
                (products["h"].bias[...], getattr(self.layers, f"bias_hh_l{number}")),
            ]
        return found

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.output(self.layers(self.projection(values))[0][:, -1])


@pytest.mark.parametrize(
    ("cell", "layer"), [(lstm_cell, torch.nn.LSTM), (vanilla_cell, torch.nn.RNN)], ids=["LSTM", "vanilla"]
)
def test_logits_and_gradients_are_those_of_pytorch(cell, layer) -> None:
    graph = bind(with_cell(graph_of("input series"), cell(), params=900), SERIES)
    network = build(graph, seed=3)
    reference = TorchClassifier(network, layer)
    with torch.no_grad():
        for number in range(2):
            getattr(reference.layers, f"bias_ih_l{number}").zero_()
    values, weights = series(), np.random.default_rng(5).normal(size=(2, 4))

    graphdef, parameters, rest = nnx.split(network, nnx.Param, ...)

    def loss(parameters):
        return jnp.sum(nnx.merge(graphdef, parameters, rest)(jnp.asarray(values)) * weights)

    gradient = nnx.merge(graphdef, jax.grad(loss)(parameters), rest)
    logits = reference(torch.tensor(values, dtype=torch.float64))
    (logits * torch.tensor(weights)).sum().backward()
    np.testing.assert_allclose(network(jnp.asarray(values)), logits.detach().numpy(), rtol=1e-4, atol=1e-5)
    for ours, theirs in reference.pairs(gradient):
        np.testing.assert_allclose(ours, theirs.grad.numpy(), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("ends", "signature", "example"),
    [("input series", SERIES, series), ("input text output classifier", DOCUMENTS, documents)],
    ids=["series", "documents"],
)
@pytest.mark.parametrize("dynamic", [False, True], ids=["compiled cell", "dynamic cell"])
def test_padding_changes_nothing(ends: str, signature: Signature, example, dynamic: bool) -> None:
    graph = bind(graph_of(ends, seed=2), signature)
    network = build(graph, seed=0)
    if dynamic:
        ops = TreeOps(("add", "elem_mult"), ("identity", "relu", "sigmoid", "tanh"))
        use_dynamic_cells(network, graph, ops)
    padded = jnp.asarray(example(padded=4))
    np.testing.assert_allclose(network(padded)[1:], network(padded[1:, 4:]), rtol=1e-5, atol=1e-6)

    def loss(state, inputs):
        return jnp.sum(nnx.merge(graphdef, state, rest)(inputs) ** 2)

    graphdef, state, rest = nnx.split(network, nnx.Param, ...)
    for ours, alone in zip(
        jax.tree.leaves(jax.grad(loss)(state, padded[1:])),
        jax.tree.leaves(jax.grad(loss)(state, padded[1:, 4:])),
        strict=True,
    ):
        np.testing.assert_allclose(ours, alone, rtol=1e-4, atol=1e-5)


def test_documents_have_a_table_for_the_vocabulary_and_outputs_for_the_classes() -> None:
    network = build(bind(graph_of("input text output classifier"), DOCUMENTS), seed=0)
    assert network.nodes["embedding"].table.shape == (13, 6)
    assert network(jnp.asarray(documents())).shape == (2, 4)
