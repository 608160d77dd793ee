from dataclasses import replace

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from tiny_networks import TinyArchitecture

from nasctl.config import TrainingConfig
from nasctl.tasks import SupervisedTask
from nasctl.training import TrainedChild, evaluate, evaluate_with_outputs, programs, train_child
from nasctl.training.programs import evaluation_capacity

CONFIG = TrainingConfig(epochs=2, batch=16, learning_rate=0.1)


@pytest.fixture(scope="module")
def child(blobs: SupervisedTask) -> TrainedChild:
    return train_child(TinyArchitecture(), blobs, CONFIG, seed=0)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_the_outputs_are_those_of_the_network(blobs: SupervisedTask, child: TrainedChild, split: str) -> None:
    network = TinyArchitecture().build(blobs.signature)
    network.eval()
    nnx.update(network, child.weights.parameters)
    nnx.update(network, child.weights.statistics)
    expected = network(blobs.inputs(jnp.asarray(blobs.splits[split].inputs)))
    outputs = evaluate_with_outputs(TinyArchitecture(), child.weights, blobs, CONFIG, split=split)[1]
    assert outputs.dtype == np.float32
    np.testing.assert_allclose(outputs, expected, rtol=1e-4, atol=1e-4)


def test_a_split_that_is_evaluated_in_parts_has_the_same_digits(
    blobs: SupervisedTask, child: TrainedChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = replace(CONFIG, batch=8)  # no program of it has been compiled yet
    weights, architecture = child.weights, TinyArchitecture()
    measured = evaluate(architecture, weights, blobs, config, split="train")
    outputs = evaluate_with_outputs(architecture, weights, blobs, config, split="train")[1]
    config = replace(config, weight_decay=0.5)
    monkeypatch.setattr(programs, "_LARGEST_OUTPUTS", 16 * 3 * 4)
    assert evaluation_capacity(blobs, config, 171) == 16
    assert evaluate(architecture, weights, blobs, config, split="train") == measured
    np.testing.assert_array_equal(
        evaluate_with_outputs(architecture, weights, blobs, config, split="train")[1], outputs
    )


def test_one_dispatch_has_room_for_the_validation_and_test_examples(blobs: SupervisedTask) -> None:
    assert evaluation_capacity(blobs, CONFIG, 171) == 48  # 37 test examples in steps of 16
    assert evaluation_capacity(blobs, CONFIG, 20) == 32  # of a chunk
    assert evaluation_capacity(blobs, replace(CONFIG, batch=1000), 171) == 108


def test_the_summary_is_given_the_outputs_and_the_labels_of_the_split(
    blobs: SupervisedTask, child: TrainedChild, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    monkeypatch.setattr(SupervisedTask, "summary", lambda _, *arguments: seen.append(arguments) or {})
    evaluate(TinyArchitecture(), child.weights, blobs, CONFIG, split="test")
    ((averages, outputs, labels),) = seen
    assert labels is blobs.splits["test"].labels
    assert averages["accuracy"] == pytest.approx(np.mean(np.argmax(outputs, 1) == labels))
