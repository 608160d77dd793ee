from dataclasses import replace

import numpy as np
import pytest

from nasctl.datasets import Dataset, Examples
from nasctl.datasets.split import keys_of, random_split
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind
from nasctl.tasks.validation import notes_on_splits, with_validation


def make_dataset(train: int, *, keys: bool = False, classes: int = 3) -> Dataset:
    def examples(count: int) -> Examples:
        numbers = np.arange(count)
        return Examples(
            numbers[:, None, None, None].astype(np.float32),
            (numbers % classes).astype(np.int32),
            keys_of(f"{number}".encode() for number in numbers) if keys else None,
        )

    return Dataset("noise", "image", examples(train), examples(30), tuple("abcdefgh"[:classes]))


@pytest.mark.parametrize(
    ("train", "held_out"), [(50_000, 5_000), (60_000, 6_000), (1_437, 287), (10, 2), (6_000, 1_000)]
)
def test_how_many_are_held_out_at_random(train: int, held_out: int) -> None:
    dataset = make_dataset(train)
    splits = with_validation(dataset, seed=0)
    training, validation = random_split(train, held_out, seed=0)
    assert np.array_equal(splits["validation"].inputs, dataset.train.inputs[validation])
    assert np.array_equal(splits["train"].inputs, dataset.train.inputs[training])
    assert splits["test"] is dataset.test


@pytest.mark.parametrize(("train", "share"), [(3_000, 0.2), (20_000, 0.1)])
def test_examples_with_keys_are_held_out_by_their_hash(train: int, share: float) -> None:
    splits = with_validation(make_dataset(train, keys=True), seed=0)
    assert len(splits["validation"]) == pytest.approx(share * train, rel=0.1)
    fewer = with_validation(make_dataset(train - 500, keys=True), seed=0)
    assert set(fewer["validation"].inputs.ravel()) <= set(splits["validation"].inputs.ravel())


@pytest.mark.parametrize("keys", [False, True])
def test_the_seed_decides(keys: bool) -> None:
    dataset = make_dataset(300, keys=keys)
    first, again, other = (with_validation(dataset, seed=seed)["validation"].inputs for seed in (0, 0, 1))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_two_examples_of_a_class_are_one_on_each_side() -> None:
    splits = with_validation(make_dataset(16, keys=True, classes=8), seed=0)
    for split in ("train", "validation"):
        assert np.array_equal(np.sort(splits[split].labels), np.arange(8))


def test_a_validation_split_of_the_data_set_is_used() -> None:
    dataset = make_dataset(300)
    splits = with_validation(replace(dataset, validation=dataset.test), seed=0)
    assert splits["validation"] is dataset.test
    assert splits["train"] is dataset.train


@pytest.mark.parametrize("dataset", [make_dataset(4), make_dataset(3, keys=True)])
def test_a_data_set_that_cannot_be_split_is_refused(dataset: Dataset) -> None:
    with pytest.raises(NasctlError, match="too few"):
        with_validation(dataset, seed=0)


def test_classes_and_labels_that_a_split_lacks_are_noted() -> None:
    def examples(labels: list) -> Examples:
        return Examples(np.zeros((len(labels), 1)), np.array(labels))

    classes = {"train": examples([0, 1, 2]), "validation": examples([0, 1]), "test": examples([2, 2])}
    assert notes_on_splits(classes, ("cat", "dog", "猫"), TargetKind.CLASS) == (
        "no validation example has the class 猫",
        "no test example has the classes cat, dog",
    )
    labels = {"train": examples([[1, 0], [0, 1]]), "validation": examples([[0, 1]])}
    assert notes_on_splits(labels, ("red", "round"), TargetKind.LABELS) == (
        "no validation example has the label red",
    )
    assert notes_on_splits(labels, ("x", "y"), TargetKind.NUMBERS) == ()
