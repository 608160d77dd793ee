from dataclasses import replace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.datasets import Dataset, Encoding, Examples
from nasctl.datasets.split import keys_of
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind
from nasctl.tasks import Classes, Labels, Numbers, SupervisedTask, Task, part_of, supervised_task
from nasctl.training.loop import rank_of


def make_dataset(train: int, *, shape: tuple[int, ...] = (4, 4, 2), dtype: type = np.uint8) -> Dataset:
    random = np.random.default_rng(0)

    def examples(count: int) -> Examples:
        pixels = random.normal(100, 20, (count, *shape)).astype(dtype)
        return Examples(pixels, (np.arange(count) % 3).astype(np.int32))

    return Dataset("noise", "image", examples(train), examples(30), ("a", "b", "c"))


def with_labels(kind: str, names: tuple[str, ...]) -> Dataset:
    """A data set whose labels are of another kind."""
    random = np.random.default_rng(1)

    def labelled(examples: Examples) -> Examples:
        numbers = random.normal(5, 2, (len(examples), len(names))).astype(np.float32)
        return replace(examples, labels=numbers if kind == "numbers" else (numbers > 5).astype(np.uint8))

    dataset = make_dataset(60)
    return replace(
        dataset,
        train=labelled(dataset.train),
        test=labelled(dataset.test),
        class_names=names,
        target=TargetKind(kind),
    )


@pytest.fixture(scope="module")
def task() -> SupervisedTask:
    return supervised_task(make_dataset(300))


def test_it_is_a_task(task: SupervisedTask) -> None:
    assert isinstance(task, Task)
    assert (task.kind, task.signature.input_shape, task.signature.outputs) == ("image", (4, 4, 2), 3)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_inputs_have_mean_0_and_deviation_1_in_each_channel(dtype: type) -> None:
    task = supervised_task(make_dataset(300, dtype=dtype))
    inputs = np.asarray(task.inputs(jnp.asarray(task.splits["train"].inputs)))
    np.testing.assert_allclose(inputs.mean((0, 1, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(inputs.std((0, 1, 2)), 1, atol=1e-5)


def test_a_channel_that_never_varies_does_no_harm() -> None:
    dataset = make_dataset(30)
    dataset.train.inputs[..., 1] = 7
    task = supervised_task(dataset)
    assert np.isfinite(task.inputs(jnp.asarray(task.splits["train"].inputs))).all()


def test_without_augmentation_it_is_the_same_task_without_variations() -> None:
    task = supervised_task(make_dataset(30, shape=(8, 8, 3)))
    plain = task.configured(TrainingConfig(augment=False))
    images = jnp.asarray(task.splits["train"].inputs[:8])
    drawn = plain.variations(jax.random.key(0), 8)
    np.testing.assert_array_equal(plain.augment(drawn, images), plain.inputs(images))
    assert plain is task.configured(TrainingConfig(augment=False, epochs=7))
    assert task.configured(TrainingConfig()) is task
    assert plain.splits is task.splits
    assert plain.traced_constants != task.traced_constants


def test_balanced_classes_weight_the_loss_of_the_training_alone(task: SupervisedTask) -> None:
    few = replace(task, splits={**task.splits, "train": task.splits["train"].take(np.array([0, 1, 2, 3]))})
    balanced = few.configured(TrainingConfig(class_weights="balanced"))
    logits, labels = jnp.zeros((3, 3)), jnp.arange(3)
    assert balanced.measure(logits, labels)["loss"].tolist() == task.measure(logits, labels)["loss"].tolist()
    counts = np.bincount(few.splits["train"].labels, minlength=3)
    expected = np.log(3) * 4 / (np.count_nonzero(counts) * np.maximum(counts, 1))
    np.testing.assert_allclose(balanced.training_loss(logits, labels), expected, rtol=1e-6)
    assert balanced.traced_constants != few.traced_constants
    assert balanced.configured(TrainingConfig()) is balanced


def test_epochs_are_ranked_by_accuracy_then_by_loss(task: SupervisedTask) -> None:
    worse, better, best = (
        {"accuracy": 0.8, "loss": 0.1},
        {"accuracy": 0.9, "loss": 0.5},
        {"accuracy": 0.9, "loss": 0.4},
    )
    assert rank_of(worse, task) < rank_of(better, task) < rank_of(best, task)


@pytest.mark.parametrize(
    ("kind", "target", "main"), [("labels", Labels, "auroc"), ("numbers", Numbers, "r2")]
)
def test_the_kind_of_the_labels_decides_what_is_predicted(kind: str, target: type, main: str) -> None:
    task = supervised_task(with_labels(kind, ("x", "y")))
    assert isinstance(task.target, target)
    outputs = np.random.default_rng(0).normal(size=(30, 2)).astype(np.float32)
    labels = task.splits["test"].labels
    assert task.metrics[0].name == main
    summary = task.summary({"loss": 0.5}, outputs, labels)
    assert {metric.name for metric in task.metrics} <= set(summary)
    assert task.reward([summary]) > 0
    assert task.traced_constants != supervised_task(make_dataset(60)).traced_constants


@pytest.mark.parametrize("kind", ["labels", "numbers"])
def test_labels_and_numbers_are_matched_by_their_names(kind: str) -> None:
    dataset = with_labels(kind, ("x", "y"))
    encoding = supervised_task(dataset).encoding
    swapped = replace(
        dataset,
        class_names=("y", "x"),
        train=replace(dataset.train, labels=dataset.train.labels[:, ::-1]),
        test=replace(dataset.test, labels=dataset.test.labels[:, ::-1]),
    )
    task = supervised_task(swapped, encoding=encoding)
    assert task.encoding == encoding
    assert np.array_equal(task.splits["test"].labels, dataset.test.labels)
    with pytest.raises(NasctlError, match="the network predicts .* `x`, `y`, but noise has .* `x`, `z`"):
        supervised_task(replace(dataset, class_names=("x", "z")), encoding=encoding)


def test_labels_of_another_kind_are_refused() -> None:
    encoding = Encoding(("x", "y"), (0.0,), (1.0,))
    with pytest.raises(NasctlError, match="predicts one class for each example, but noise has numbers"):
        supervised_task(with_labels("numbers", ("x", "y")), encoding=encoding)


def test_numbers_keep_the_units_of_the_training() -> None:
    dataset = with_labels("numbers", ("x",))
    encoding = supervised_task(dataset).encoding
    hotter = replace(dataset, train=replace(dataset.train, labels=dataset.train.labels + 100))
    assert supervised_task(hotter, encoding=encoding).target == supervised_task(dataset).target


def test_images_whose_numbers_are_predicted_are_not_varied() -> None:
    dataset = make_dataset(60, shape=(8, 8, 3))
    labels = np.zeros((60, 1), np.float32)
    numbers = replace(
        dataset,
        train=replace(dataset.train, labels=labels),
        test=replace(dataset.test, labels=labels[:30]),
        class_names=("x",),
        target=TargetKind.NUMBERS,
    )
    assert supervised_task(dataset).variations(jax.random.key(0), 5).shape == (5, 3)
    assert supervised_task(numbers).variations(jax.random.key(0), 5).shape == (5, 0)


def test_a_known_digest_is_not_computed_again() -> None:
    dataset = make_dataset(30)
    assert supervised_task(replace(dataset, digest="known")).digest == "known"
    assert supervised_task(dataset).digest not in ("", "known")


@pytest.mark.parametrize("examples", [0.5, 150.0])
def test_a_part_has_the_classes_in_proportion_and_the_identity_of_the_whole(
    task: SupervisedTask, examples: float
) -> None:
    part = part_of(task, examples)
    assert [len(part.splits[name]) for name in ("train", "validation", "test")] == [120, 30, 30]
    assert (part.digest, part.encoding) == (task.digest, task.encoding)
    counts, whole = (np.bincount(of.splits["train"].labels) for of in (part, task))
    assert abs(counts - whole / 2).max() <= 1
    smaller = part_of(task, examples / 2).splits["train"].inputs
    assert set(map(bytes, smaller)) <= set(map(bytes, part.splits["train"].inputs))


def test_a_part_of_everything_is_everything(task: SupervisedTask) -> None:
    assert part_of(task, 0) is part_of(task, 300) is part_of(task, 1e9) is task


def test_a_part_without_validation_examples_is_refused(task: SupervisedTask) -> None:
    with pytest.raises(NasctlError, match="a part of 2 of the 300 examples has no validation examples"):
        part_of(task, 2)


def test_a_part_follows_the_keys() -> None:
    dataset = make_dataset(300)
    keyed = replace(dataset, train=replace(dataset.train, keys=keys_of(map(bytes, dataset.train.inputs))))
    order = np.random.default_rng(0).permutation(300)
    shuffled = replace(keyed, train=keyed.train.take(order))
    first, second = (part_of(supervised_task(data), 0.3).splits["train"] for data in (keyed, shuffled))
    assert set(map(bytes, first.inputs)) == set(map(bytes, second.inputs))


def test_the_target_of_a_data_set_of_classes() -> None:
    assert supervised_task(make_dataset(30)).target == Classes(3)
