import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import accuracy_score, log_loss

from nasctl.datasets import Dataset, Examples
from nasctl.errors import NasctlError
from nasctl.tasks import ImageClassification, image_classification
from nasctl.training.loop import rank_of


def make_dataset(train: int, *, shape: tuple[int, ...] = (4, 4, 2), dtype: type = np.uint8) -> Dataset:
    random = np.random.default_rng(0)

    def examples(count: int) -> Examples:
        pixels = random.normal(100, 20, (count, *shape)).astype(dtype)
        return Examples(pixels, (np.arange(count) % 3).astype(np.int32))

    return Dataset("noise", "image", examples(train), examples(30), ("a", "b", "c"))


@pytest.fixture(scope="module")
def task() -> ImageClassification:
    return image_classification(make_dataset(300))


@pytest.mark.parametrize(
    ("train", "held_out"), [(50_000, 5_000), (60_000, 6_000), (1_437, 287), (10, 2), (6_000, 1_000)]
)
def test_how_many_are_held_out(train: int, held_out: int) -> None:
    task = image_classification(make_dataset(train, shape=(1, 1, 1)))
    assert len(task.splits["validation"]) == held_out
    assert len(task.splits["train"]) == train - held_out
    assert len(task.splits["test"]) == 30


def test_the_validation_examples_come_out_of_the_training_examples(task: ImageClassification) -> None:
    whole = make_dataset(300).train.inputs
    parts = np.concatenate([task.splits["train"].inputs, task.splits["validation"].inputs])
    assert sorted(map(bytes, parts)) == sorted(map(bytes, whole))


def test_the_validation_seed_decides() -> None:
    dataset = make_dataset(300)
    first, again, other = (image_classification(dataset, validation_seed=seed) for seed in (0, 0, 1))
    assert np.array_equal(first.splits["validation"].inputs, again.splits["validation"].inputs)
    assert not np.array_equal(first.splits["validation"].inputs, other.splits["validation"].inputs)


def test_a_data_set_of_four_cannot_be_split() -> None:
    with pytest.raises(NasctlError, match="too few"):
        image_classification(make_dataset(4))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_inputs_have_mean_0_and_deviation_1_in_each_channel(dtype: type) -> None:
    task = image_classification(make_dataset(300, dtype=dtype))
    inputs = np.asarray(task.inputs(jnp.asarray(task.splits["train"].inputs)))
    np.testing.assert_allclose(inputs.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std((0, 1, 2)), 1, atol=1e-5)


def test_a_channel_that_never_varies_does_no_harm() -> None:
    dataset = make_dataset(30)
    dataset.train.inputs[..., 1] = 7
    task = image_classification(dataset)
    assert np.isfinite(task.inputs(jnp.asarray(task.splits["train"].inputs))).all()


def test_loss_and_accuracy_are_those_of_scikit_learn(task: ImageClassification) -> None:
    random = np.random.default_rng(1)
    logits = random.normal(size=(50, 3)).astype(np.float32)
    labels = random.integers(0, 3, 50)
    measures = task.measure(jnp.asarray(logits), jnp.asarray(labels))
    assert tuple(measures) == task.measures
    probabilities = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    assert measures["loss"].mean() == pytest.approx(log_loss(labels, probabilities), rel=1e-5)
    assert float(measures["accuracy"].mean()) == pytest.approx(accuracy_score(labels, logits.argmax(1)))


def test_unaugmented_is_the_same_task_without_variations(task: ImageClassification) -> None:
    plain = task.unaugmented
    images = jnp.asarray(task.splits["train"].inputs[:8])
    drawn = plain.variations(jax.random.key(0), 8)
    np.testing.assert_array_equal(plain.augment(drawn, images), plain.inputs(images))
    assert plain is task.unaugmented
    assert plain.splits is task.splits


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_the_reward_is_the_cube_of_the_best_of_the_last_five_epochs(accuracies: list[float]) -> None:
    task = image_classification(make_dataset(10))
    history = [{"loss": 0.0, "accuracy": accuracy} for accuracy in accuracies]
    assert task.reward(history) == sorted(accuracies[max(0, len(accuracies) - 5) :])[-1] ** 3


def test_an_early_peak_earns_nothing() -> None:
    task = image_classification(make_dataset(10))
    history = [{"accuracy": value} for value in (1.0, 0.1, 0.2, 0.5, 0.3, 0.4)]
    assert task.reward(history) == 0.125


def test_epochs_are_ranked_by_accuracy_then_by_loss(task: ImageClassification) -> None:
    worse, better, best = (
        {"accuracy": 0.8, "loss": 0.1},
        {"accuracy": 0.9, "loss": 0.5},
        {"accuracy": 0.9, "loss": 0.4},
    )
    assert rank_of(worse, task) < rank_of(better, task) < rank_of(best, task)
