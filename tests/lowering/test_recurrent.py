"""Recurrent layers against the paper's example, a NumPy interpreter of token strings, and Flax's scan."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import tree_cell_reference as reference
from flax import nnx

from nasctl.dialects import load_space, parse_space
from nasctl.graph import Signature, bind, measure_cost
from nasctl.graph.cells import gru_cell, lstm_cell
from nasctl.graph.tree_cell import tree_cell
from nasctl.lowering import Network, build
from nasctl.lowering.linear import split
from nasctl.lowering.recurrent import Recurrent, RecurrentCell
from nasctl.space import Space, sample_uniform

COMBINES = ("add", "elem_mult", "max")
ACTIVATIONS = ("identity", "tanh", "sigmoid", "relu", "sin")
TEXT = Signature(input_shape=(7,), outputs=11)


def tree_space(base: int, units: int = 5, more: str = "") -> Space:
    text = f"""
        space rnn
        input text
        cell tree {{
          base {base}
          combine in {{{", ".join(COMBINES)}}}
          activation in {{{", ".join(ACTIVATIONS)}}}
          inject {{ combine in {{{", ".join(COMBINES)}}} activation in {{{", ".join(ACTIVATIONS)}}} }}
          indices {{ cell_output in nodes cell_inject in nodes }}
        }}
        stack 2
        hidden {units}
        {more}
        output language_model
    """
    return parse_space(text, name=f"base{base}")


def make_cell(graph, features: int = 4, units: int = 5) -> RecurrentCell:
    return RecurrentCell(graph, features, units, rngs=nnx.Rngs(0))


def test_the_paper_s_base_2_example():
    # Zoph & Le 2017, section 3.4: a0 = tanh(W1 x + U1 h), a1 = relu((W2 x) (U2 h)), a0' = relu(a0 + c),
    # h' = sigmoid(a0' a1), c' = (W2 x) (U2 h).
    values = {
        "node0.combine": "add",
        "node0.activation": "tanh",
        "node1.combine": "elem_mult",
        "node1.activation": "relu",
        "node2.combine": "elem_mult",
        "node2.activation": "sigmoid",
        "inject.combine": "add",
        "inject.activation": "relu",
        "cell_output": 1,
        "cell_inject": 0,
    }
    cell = make_cell(tree_cell(2, values), features=1, units=1)
    cell.products["x"].kernel[...] = jnp.array([[0.5, 2.0]])
    cell.products["h"].kernel[...] = jnp.array([[0.25, -3.0]])
    cell.products["h"].bias[...] = jnp.array([0.0, 0.0])
    x, h, c = 1.5, -0.5, 0.7

    (new_h, new_c), output = cell((jnp.array([[h]]), jnp.array([[c]])), jnp.array([[x]]))

    a0 = np.tanh(0.5 * x + 0.25 * h)
    a1 = max(0.0, (2.0 * x) * (-3.0 * h))
    a0_injected = max(0.0, a0 + c)
    expected_h = 1 / (1 + np.exp(-a0_injected * a1))
    np.testing.assert_allclose(new_h, [[expected_h]], rtol=1e-6)
    np.testing.assert_allclose(new_c, [[(2.0 * x) * (-3.0 * h)]], rtol=1e-6)
    np.testing.assert_array_equal(output, new_h)


@pytest.mark.parametrize(
    ("base", "count"),
    [(2, 20), (4, 12), (16, 6), *(pytest.param(base, 50, marks=pytest.mark.slow) for base in (2, 4, 8, 16))],
)
def test_random_cells_equal_the_reference(base: int, count: int):
    space = tree_space(base)
    rng = np.random.default_rng(base)
    for _ in range(count):
        tokens = sample_uniform(space, rng)
        cell = make_cell(space.graph_builder.graph(space.values(tokens)).nodes[2].attributes["cell"])
        w, u, b = (
            np.asarray(parameter[...], np.float64)
            for parameter in (cell.products["x"].kernel, cell.products["h"].kernel, cell.products["h"].bias)
        )
        b = b + rng.normal(size=b.shape)
        cell.products["h"].bias[...] = jnp.asarray(b, jnp.float32)
        x, h, c = rng.normal(size=(3, 4)), rng.normal(size=(3, 5)), rng.normal(size=(3, 5))

        (new_h, new_c), _ = cell(
            (jnp.asarray(h, jnp.float32), jnp.asarray(c, jnp.float32)), jnp.asarray(x, jnp.float32)
        )

        expected_h, expected_c = reference.step(
            tokens, COMBINES, ACTIVATIONS, np.split(x @ w, base, -1), np.split(h @ u + b, base, -1), c
        )
        for found, expected in ((new_h, expected_h), (new_c, expected_c)):
            scale = max(1.0, np.abs(expected).max())
            np.testing.assert_allclose(found / scale, expected / scale, atol=1e-5, err_msg=str(tokens))


def test_the_bias_of_a_multiplied_product_starts_at_one():
    space = tree_space(2)
    text = [
        "elem_mult",
        "identity",
        "add",
        "identity",
        "elem_mult",
        "identity",
        "elem_mult",
        "identity",
        "0",
        "0",
    ]
    choices = [decision.choices for decision in space.decisions]
    tokens = [list(map(str, known)).index(word) for known, word in zip(choices, text, strict=True)]
    cell = make_cell(tree_cell(2, space.values(tokens)))
    np.testing.assert_array_equal(cell.products["h"].bias[...], [1] * 5 + [0] * 5)


@pytest.mark.parametrize("known", [lstm_cell, gru_cell])
def test_the_biases_of_known_cells_start_at_zero(known):
    assert not np.any(make_cell(known()).products["h"].bias[...])


def test_a_tree_of_multiplications_leaves_a_state_of_zeros():
    space = load_space("spaces/rnn.nas")
    values = space.values((1, 0) * 15 + (0, 0, 0, 0))  # every node elem_mult and identity
    cell = make_cell(tree_cell(8, values))
    carry, _ = cell(cell.initialize_carry((3, 4)), jnp.ones((3, 4)))
    assert np.all(carry[0] != 0)


def random_network(seed: int) -> Network:
    space = tree_space(2)
    graph = space.decode(sample_uniform(space, np.random.default_rng(seed))).graph
    return build(bind(graph, TEXT), seed=seed)


@pytest.mark.parametrize("seed", range(2))
def test_our_scan_equals_flax_rnn(seed: int):
    space = tree_space(8)
    graph = space.decode(sample_uniform(space, np.random.default_rng(seed))).graph
    layer = Recurrent(graph.nodes[2].attributes, [(7, 4)], (7, 5), rngs=nnx.Rngs(seed))
    sequence = jax.random.normal(jax.random.key(seed), (3, 7, 4))
    outputs, carry = layer.run(sequence, layer.initial_carry(3))
    flax_carry, flax_outputs = nnx.RNN(layer.cell)(sequence, return_carry=True)
    np.testing.assert_allclose(outputs, flax_outputs, rtol=1e-5, atol=1e-6)
    for ours, theirs in zip(carry, flax_carry, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("more", ["", "dropout 0.5", "share embedding"])
@pytest.mark.parametrize("base", [2, 8])
def test_a_network_has_as_many_parameters_as_its_cost_says(base: int, more: str):
    space = tree_space(base, more=more)
    graph = bind(space.decode(sample_uniform(space, np.random.default_rng(1))).graph, TEXT)
    network = build(graph, seed=0)
    built = sum(leaf.size for leaf in jax.tree.leaves(nnx.state(network, nnx.Param)))
    assert built == measure_cost(graph).params


def test_a_network_returns_logits_for_every_time_step():
    assert random_network(0)(jnp.zeros((2, 7), jnp.int32)).shape == (2, 7, 11)


def test_two_halves_of_a_text_with_carried_states_equal_the_whole():
    network = random_network(1)
    text = jax.random.randint(jax.random.key(0), (2, 7), 0, 11)
    whole, last = network.run(text, carry=network.initial_carry(2))
    first, carry = network.run(text[:, :4], carry=network.initial_carry(2))
    second, end = network.run(text[:, 4:], carry=carry)
    np.testing.assert_allclose(jnp.concatenate([first, second], 1), whole, rtol=1e-5, atol=1e-6)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6), dict(end), dict(last))
    np.testing.assert_allclose(whole, network(text), rtol=1e-5, atol=1e-6)


def test_a_network_of_images_has_no_states():
    space = load_space("spaces/nasbench201.nas")
    network = build(bind(space.decode((1,) * 6).graph, Signature((8, 8, 1), 10)), seed=0)
    assert network.initial_carry(2) == {}


def test_the_structure_of_a_network_is_hashable():
    definition, _ = nnx.split(random_network(0))
    again, _ = nnx.split(random_network(0))
    assert hash(definition) == hash(again)
    assert definition == again


def test_the_gradient_of_split_is_a_concatenation():
    weights = jnp.arange(6.0)

    def weighted(x: jax.Array) -> jax.Array:
        first, second = split(x, (2, 4))
        return first @ weights[:2] + second @ weights[2:]

    np.testing.assert_array_equal(jax.grad(weighted)(jnp.ones(6)), weights)


def test_products_of_x_are_fused_and_outside_of_the_scan():
    space = tree_space(8)
    graph = bind(space.decode(sample_uniform(space, np.random.default_rng(0))).graph, TEXT)
    network = build(graph, seed=0)
    jaxpr = str(jax.make_jaxpr(lambda text: network(text))(jnp.zeros((2, 7), jnp.int32)))
    assert jaxpr.count("dot_general") == 2 * 2 + 1  # each layer's W x and U h, and the output


@pytest.mark.parametrize(
    ("name", "signature"),
    [
        ("rnn", Signature((35,), 1_000)),
        ("rnn_max_sin", Signature((35,), 1_000)),
        ("nasbench201", Signature((8, 8, 1), 10)),
    ],
)
def test_networks_of_shipped_spaces_have_as_many_parameters_as_their_cost_says(
    name: str, signature: Signature
):
    space = load_space(f"spaces/{name}.nas")
    rng = np.random.default_rng(0)
    for _ in range(4):
        graph = bind(space.decode(sample_uniform(space, rng)).graph, signature)
        shapes = nnx.eval_shape(lambda graph=graph: nnx.state(build(graph, seed=0), nnx.Param))
        assert sum(leaf.size for leaf in jax.tree.leaves(shapes)) == measure_cost(graph).params
