"""Networks as Flax modules: parameters, shapes, training, and use inside of compiled functions."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from jax import lax

from nasctl.dialects import parse_space
from nasctl.errors import NasctlError
from nasctl.graph import (
    Graph,
    GraphWriter,
    Node,
    Op,
    Signature,
    bind,
    infer_shapes,
    measure_cost,
    op_named,
    simplify,
)
from nasctl.lowering import Network, build
from nasctl.lowering.data_layout import apply, examples_last
from nasctl.lowering.modules import make_module
from nasctl.space import sample_uniform

TASK = Signature((8, 6, 2), 5)


def every_op() -> Graph:
    """Builds a network with each op for images, with zeros, and with sizes that strides do not divide."""
    writer = GraphWriter()
    add = writer.add
    image = add("input", name="image")
    conv = add("conv2d", [image], name="conv", kernel=(3, 5), stride=(2, 1), filters=4)
    norm = add("batch_norm", [conv], name="norm")
    relu = add("relu", [norm], name="relu")
    dropped = add("dropout", [relu], name="dropout", rate=0.5)
    separable = add("separable_conv2d", [dropped], name="separable", kernel=(3, 2), stride=(1, 1), filters=4)
    total = add("add", [separable, add("identity", [relu], name="identity")], name="add")
    most = add("max_pool", [total], name="max_pool", kernel=(2, 2), stride=(2, 2))
    mean = add("average_pool", [total], name="average_pool", kernel=(3, 3), stride=(1, 2))
    joined = add("concat", [image, most, mean, add("zero", [most], name="zero")], name="concat")
    pooled = add("global_average_pool", [joined], name="global")
    hidden = add("dense", [pooled], name="hidden", units=7)
    return bind(writer.finish([add("dense", [hidden], name="output")]), TASK)


def sampled(seed: int, layers: int = 6) -> Graph:
    space = parse_space(
        f"space cnn\ninput image\nlayers {layers}\nlayer {{\n"
        "  conv { height in {1, 2, 3} width in {1, 5} stride (height in {1, 2}, width in {1, 3}) filters in {3, 4} }\n"
        "  batch_norm\n  relu\n  skip anchors\n}\noutput classifier\n",
        name="small",
    )
    return bind(space.decode(sample_uniform(space, np.random.default_rng(seed))).graph, TASK)


def images(count: int = 4, seed: int = 0) -> jax.Array:
    random = np.random.default_rng(seed)
    return jnp.asarray(random.standard_normal((count, *TASK.input_shape)), jnp.float32)


def parameters(network: Network) -> int:
    return sum(leaf.size for leaf in jax.tree.leaves(nnx.state(network, nnx.Param)))


@pytest.mark.parametrize("seed", range(12))
def test_a_network_has_as_many_parameters_as_its_cost_says(seed: int) -> None:
    graph = sampled(seed)
    assert parameters(build(graph, seed=0)) == measure_cost(graph).params


def test_every_op_has_as_many_parameters_as_its_cost_says() -> None:
    graph = every_op()
    network = build(graph, seed=0)
    assert parameters(network) == measure_cost(graph).params
    assert network(images()).shape == (4, 5)
    assert {node.name for node in simplify(graph).nodes} - {"image"} == set(network.nodes)


def test_every_node_has_the_inferred_shape() -> None:
    nodes = simplify(every_op()).nodes
    whole = Graph(nodes, tuple(range(len(nodes))))
    values = build(whole, seed=0)(images())
    assert [value.shape[1:] for value in values] == list(infer_shapes(whole))


def test_parameters_depend_on_the_seed_only() -> None:
    first, again, other = (build(sampled(0, layers=2), seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first(images()), again(images()))
    assert not np.allclose(first(images()), other(images()))


def test_weights_are_he_normal() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image", shape=(8, 8, 64))
    conv = writer.add("conv2d", [image], name="conv", kernel=(5, 5), stride=(1, 1), filters=64)
    graph = writer.finish([conv])
    kernel = np.asarray(build(graph, seed=0).nodes["conv"].kernel[...])
    assert kernel.std() == pytest.approx(np.sqrt(2 / (5 * 5 * 64)), rel=0.02)
    assert kernel.mean() == pytest.approx(0, abs=1e-3)


def test_concat_pads_smaller_maps_with_zeros() -> None:
    concat = make_module(Node("concat", "concat"), [], (), rngs=nnx.Rngs(0))
    joined = apply(concat, [examples_last(jnp.ones((1, *size, 1))) for size in ((5, 4), (2, 1))])
    np.testing.assert_array_equal(
        joined[:, :, 1, 0], [[0, 0, 0, 0], [0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]
    )


def test_batch_norm_and_dropout_differ_between_training_and_evaluation() -> None:
    network = build(every_op(), seed=0)
    assert not np.allclose(network(images()), network(images()))  # dropout draws a new mask
    network.eval()
    alone = np.concatenate([network(images()[index : index + 1]) for index in range(4)])
    np.testing.assert_allclose(network(images()), alone, rtol=1e-4, atol=1e-5)


def test_batch_norm_keeps_running_averages() -> None:
    writer = GraphWriter()
    image = writer.add("input", name="image", shape=TASK.input_shape)
    network = build(writer.finish([writer.add("batch_norm", [image], name="norm")]), seed=0)
    mean = np.zeros(2)
    for seed in range(3):
        x = images(seed=seed) + 3
        np.testing.assert_allclose(network(x).mean((0, 1, 2)), 0, atol=1e-5)
        mean = 0.9 * mean + 0.1 * x.mean((0, 1, 2))
    np.testing.assert_allclose(network.nodes["norm"].mean[...], mean, rtol=1e-5)


def test_a_split_network_trains_in_a_scan_and_is_evaluated_separately() -> None:
    network = build(every_op(), seed=0)
    network.train()
    training, *states = nnx.split(network, nnx.Param, ...)
    network.eval()
    evaluation = nnx.graphdef(network)
    assert hash(training) != hash(evaluation)
    weights, rest = map(nnx.to_pure_dict, states)
    optimiser = optax.sgd(0.1, momentum=0.9, nesterov=True)
    labels = np.arange(4) % 5

    def loss(weights, rest, x):
        network = nnx.merge(training, weights, rest)
        value = optax.softmax_cross_entropy_with_integer_labels(network(x), labels).mean()
        return value, nnx.to_pure_dict(nnx.state(network, nnx.Not(nnx.Param)))

    def step(carry, x):
        weights, rest, momentum = carry
        (value, rest), gradients = jax.value_and_grad(loss, has_aux=True)(weights, rest, x)
        updates, momentum = optimiser.update(gradients, momentum, weights)
        return (optax.apply_updates(weights, updates), rest, momentum), value

    batches = np.repeat(images()[None], 40, axis=0)
    carry = (weights, rest, optimiser.init(weights))
    (weights, rest, _), losses = jax.jit(lambda carry: lax.scan(step, carry, batches))(carry)
    assert losses[-5:].mean() < 0.5 * losses[0]
    used = jax.jit(lambda weights, rest, x: nnx.merge(evaluation, weights, rest)(x))
    np.testing.assert_array_equal(used(weights, rest, images()), used(weights, rest, images()))


def test_shapes_are_known_without_drawing_parameters() -> None:
    network = nnx.eval_shape(lambda: build(every_op(), seed=0))
    assert network.nodes["conv"].kernel.shape == (3, 5, 2, 4)


def test_a_missing_module_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    relu = op_named("relu")
    stray = Op("stray", relu.shape, relu.cost, relu.label, "activate", "nasctl_stray.modules:Stray")
    monkeypatch.setattr("nasctl.lowering.modules.op_named", lambda name: stray)
    writer = GraphWriter()
    image = writer.add("input", name="image", shape=(2,))
    with pytest.raises(
        NasctlError, match="cannot import the Flax module nasctl_stray.modules:Stray of the op `stray`"
    ):
        build(writer.finish([writer.add("relu", [image], name="stray")]), seed=0)
