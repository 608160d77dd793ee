"""Training in bfloat16: against NumPy, against float32, and of all spaces that ship."""

from dataclasses import replace

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import pytest
from flax import nnx
from test_group_trainer import ADAM, SPACE, sampled
from test_streams import CELL, letters  # noqa: F401 a fixture
from test_streams import CONFIG as TEXT
from tiny_networks import LinearArchitecture

from nasctl.config import TrainingConfig
from nasctl.dialects import input_of, load_space, typical_signature
from nasctl.errors import NasctlError
from nasctl.graph import Shape
from nasctl.lowering.normalisation import BatchNorm
from nasctl.resources import shipped_spaces
from nasctl.settings import check_setting
from nasctl.space import Space, sample_uniform
from nasctl.tasks import LanguageModel, SupervisedTask
from nasctl.training import GroupTrainer, evaluate, train_child
from nasctl.training.optimiser import initial_optimiser_state
from nasctl.training.plan import plan_drawer
from nasctl.training.precision import to_compute, to_measure
from nasctl.training.programs import make_programs
from nasctl.training.whole_set import put_on_device

SPACES = {name: load_space(name) for name in shipped_spaces()}
NETWORKS = {name: space for name, space in SPACES.items() if typical_signature(space)}
LARGE = {"spaces/cnn_pooling.nas", "spaces/nasbench201.nas"}
CONFIG = TrainingConfig(batch=16, epochs=3, precision="bfloat16")


def rounded(values: np.ndarray) -> np.ndarray:
    """To the nearest bfloat16, as float32."""
    return np.asarray(values, np.float32).astype(ml_dtypes.bfloat16).astype(np.float32)


def example(space: Space, shape: Shape) -> jax.Array:
    dtype = jnp.int32 if input_of(space) == "text" else jnp.float32
    return jnp.ones((2, *shape), dtype)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.slow) if name in LARGE else name for name in NETWORKS]
)
def test_every_op_keeps_the_precision_that_it_is_given(name: str) -> None:
    space, rng = NETWORKS[name], np.random.default_rng(2)
    signature = typical_signature(space)
    assert signature is not None
    for _ in range(3):
        architecture = space.decode(sample_uniform(space, rng))
        network = nnx.eval_shape(lambda architecture=architecture: architecture.build(signature))
        graph, parameters, others = nnx.split(network, nnx.Param, ...)

        def logits(parameters, others, inputs, graph=graph):
            network = nnx.merge(graph, to_compute(parameters, CONFIG), others)
            return network.run(inputs, carry=to_compute(dict(network.initial_carry(2)), CONFIG))[0]

        inputs = to_compute(example(space, signature.input_shape), CONFIG)
        assert jax.eval_shape(logits, parameters, others, inputs).dtype == jnp.bfloat16


def test_a_step_is_that_of_numpy(blobs: SupervisedTask) -> None:
    """A linear network: products of rounded numbers, summed exactly and rounded; everything else in float32.

    XLA may omit a rounding before an op that takes float32; the test disables that.
    """
    config = replace(CONFIG, momentum=0.0, weight_decay=0.0, augment=False)
    task = blobs.configured(config)
    programs, weights = make_programs(LinearArchitecture().build(task.signature), task, config)
    kernel = np.random.default_rng(0).normal(0, 0.3, (16, 3)).astype(np.float32)
    weights = weights._replace(parameters={"kernel": kernel})
    plan = jax.tree.map(lambda leaf: leaf[0], plan_drawer(task, config.batch)(jax.random.key(1)))
    momentum = initial_optimiser_state(weights.parameters, config)
    arguments = weights, momentum, put_on_device(task), plan, np.float32(0.5)
    step = jax.jit(programs.step).lower(*arguments).compile({"xla_allow_excess_precision": False})
    (after, _), loss = step(*arguments)

    images = np.asarray(task.inputs(put_on_device(task).inputs[plan.positions]))
    inputs = rounded(images.reshape(len(images), -1))
    labels = np.eye(3)[np.asarray(put_on_device(task).labels[plan.positions])]
    logits = rounded(inputs @ rounded(kernel)).astype(np.float64)
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    assert loss == pytest.approx(-np.log((probabilities * labels).sum(-1)).mean(), rel=1e-5)
    gradient = rounded(inputs.T @ rounded((probabilities - labels) / len(labels)))
    changed = np.asarray(after.parameters["kernel"])
    assert changed.dtype == np.float32
    np.testing.assert_allclose(changed, kernel - 0.5 * gradient, rtol=1e-5, atol=1e-6)


def test_batch_norm_is_exact_where_the_mean_is_large() -> None:
    """The variance as a difference of squares would have no digit left in bfloat16."""
    x = rounded(np.random.default_rng(0).normal(100, 1, (4, 4, 3, 50)))
    norm = BatchNorm({}, [(4, 4, 3)], (4, 4, 3), rngs=nnx.Rngs(0))
    output = norm(jnp.asarray(x, jnp.bfloat16))
    assert output.dtype == jnp.bfloat16
    mean, deviation = x.mean((0, 1, 3), dtype=np.float64), x.std((0, 1, 3), dtype=np.float64)
    expected = (x - mean[:, None]) / deviation[:, None]
    np.testing.assert_allclose(np.asarray(output, np.float32), expected, rtol=2**-8, atol=4e-3)
    np.testing.assert_allclose(norm.mean[...], 0.1 * mean, rtol=1e-5)


@pytest.mark.slow
def test_a_child_learns_as_it_does_in_float32(blobs: SupervisedTask) -> None:
    space = NETWORKS["spaces/cnn.nas"]
    child = space.decode(sample_uniform(space, np.random.default_rng(5)))
    losses = {}
    for precision in ("float32", "bfloat16"):
        config = replace(CONFIG, precision=precision)
        trained = train_child(child, blobs, config, seed=1)
        losses[precision] = [epoch["train_loss"] for epoch in trained.history]
        assert {leaf.dtype for leaf in jax.tree.leaves(trained.weights.parameters)} == {np.dtype(np.float32)}
        measured = trained.measure_split(trained.weights, "test")
        assert evaluate(child, trained.weights, blobs, config, split="test") == measured
    assert losses["bfloat16"] != losses["float32"]
    np.testing.assert_allclose(losses["bfloat16"], losses["float32"], rtol=0.05)


@pytest.mark.slow
def test_a_language_model_does_too(letters: LanguageModel) -> None:  # noqa: F811
    curves = [
        [epoch["train_loss"] for epoch in train_child(CELL, letters, config, seed=1).history]
        for config in (TEXT, replace(TEXT, precision="bfloat16"))
    ]
    assert curves[0] != curves[1]
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.01)


@pytest.mark.slow
def test_children_that_train_at_once_do_too(letters: LanguageModel) -> None:  # noqa: F811
    config = replace(ADAM, precision="bfloat16")
    (child,) = sampled(1)
    (together,) = GroupTrainer(SPACE, letters, config, width=2).train([child], seeds=(5,))
    alone = train_child(child, letters, config, seed=5)
    curves = [[epoch["train_loss"] for epoch in one.history] for one in (together, alone)]
    np.testing.assert_allclose(curves[0], curves[1], rtol=0.02)


def test_what_is_not_float32_stays_as_it_is() -> None:
    tree = {"text": jnp.zeros(3, jnp.int32), "weights": jnp.zeros(3)}
    assert {name: leaf.dtype for name, leaf in to_compute(tree, CONFIG).items()} == {
        "text": jnp.int32,
        "weights": jnp.bfloat16,
    }
    assert to_compute(tree, replace(CONFIG, precision="float32")) is tree
    assert to_measure(jnp.zeros(2, jnp.bfloat16)).dtype == jnp.float32


def test_other_precisions_are_refused() -> None:
    with pytest.raises(NasctlError, match="precision"):
        check_setting("training", "precision", "float16")
