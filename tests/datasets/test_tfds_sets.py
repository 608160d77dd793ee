"""Data sets that TFDS prepared: their features, their splits, and images of different sizes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow_datasets as tfds

from nasctl.config import EARLIER_DATA, DataConfig
from nasctl.datasets import Dataset, load
from nasctl.datasets.image_builder import quiet
from nasctl.errors import NasctlError

RNG = np.random.default_rng(0)


def prepare(
    folder: Path,
    splits: dict[str, int],
    *,
    shape: tuple[int | None, ...] = (6, 6, 3),
    keys: object = ("image", "label"),
    features: dict[str, Any] | None = None,
) -> None:
    """Prepares the data set `spots`, whose images are 6, 7 or 8 pixels high if `shape` does not say their size."""
    described = {
        "image": tfds.features.Tensor(shape=shape, dtype=np.uint8, encoding="bytes")
        if None in shape
        else tfds.features.Tensor(shape=shape, dtype=np.uint8),
        "label": tfds.features.ClassLabel(names=["x", "y"]),
    } | (features or {})

    class Spots(tfds.core.GeneratorBasedBuilder, skip_registration=True):  # type: ignore[call-arg]
        name = "spots"
        VERSION = tfds.core.Version("1.0.0")

        def _info(self) -> tfds.core.DatasetInfo:
            return tfds.core.DatasetInfo(
                builder=self, features=tfds.features.FeaturesDict(described), supervised_keys=keys
            )

        def _split_generators(self, dl_manager: object) -> dict[str, Iterator[tuple[int, dict[str, object]]]]:
            return {split: self._generate_examples(count) for split, count in splits.items()}

        def _generate_examples(self, count: int) -> Iterator[tuple[int, dict[str, object]]]:
            for index in range(count):
                size = tuple(6 + index % 3 if side is None else side for side in shape)
                extra = dict.fromkeys(features or {}, 0)
                yield index, {"image": RNG.integers(0, 256, size, np.uint8), "label": index % 2, **extra}

    with quiet():
        Spots(data_dir=folder, file_format="array_record").download_and_prepare()


def sizes(dataset: Dataset) -> tuple[int, int | None, int]:
    validation = None if dataset.validation is None else len(dataset.validation)
    return len(dataset.train), validation, len(dataset.test)


def test_the_split_called_validation_is_used(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20, "validation": 6, "test": 4, "extra": 2})
    dataset = load("spots", tmp_path)
    assert sizes(dataset) == (20, 6, 4)
    assert dataset.notes == ("the split extra is not used",)
    assert sizes(load("spots", tmp_path, settings=EARLIER_DATA)) == (20, None, 4)


def test_without_a_test_split_validation_is_the_test(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20, "validation": 6})
    dataset = load("spots", tmp_path)
    assert sizes(dataset) == (20, None, 6)
    assert "`validation` is the test split" in dataset.notes[0]


def test_with_one_split_a_part_is_held_out(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 60})
    dataset = load("spots", tmp_path)
    assert len(dataset.train) + len(dataset.test) == 60
    assert 4 < len(dataset.test) < 25
    assert "held out for the test" in dataset.notes[0]


def test_without_training_examples_there_is_no_data_set(tmp_path: Path) -> None:
    prepare(tmp_path, {"test": 6})
    with pytest.raises(NasctlError, match="no split `train`") as caught:
        load("spots", tmp_path)
    assert "it has test" in caught.value.hint


def test_a_size_can_be_chosen(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20, "test": 4})
    assert load("spots", tmp_path).image is None
    dataset = load("spots", tmp_path, settings=DataConfig(image_size="4x5"))
    assert dataset.train.inputs.shape == (20, 4, 5, 3)
    assert dataset.image is not None
    assert "4×5" in dataset.notes[0]


def test_images_of_different_sizes_are_brought_to_one(tmp_path: Path) -> None:
    prepare(tmp_path, {"train": 20, "test": 4}, shape=(None, None, 3))
    dataset = load("spots", tmp_path)
    assert dataset.train.inputs.shape == (20, 7, 7, 3)
    again = load("spots", tmp_path)
    assert np.array_equal(np.asarray(dataset.train.inputs), np.asarray(again.train.inputs))


@pytest.mark.parametrize("keys", [None, ({"image": "image"}, "label")])
def test_without_a_pair_of_supervised_keys_the_image_and_the_class_are_found(
    tmp_path: Path, keys: object
) -> None:
    prepare(tmp_path, {"train": 20, "test": 4}, keys=keys)
    assert load("spots", tmp_path).class_names == ("x", "y")


def test_a_feature_called_label_is_preferred_and_two_others_are_refused(tmp_path: Path) -> None:
    second = {"kind": tfds.features.ClassLabel(names=["p", "q", "r"])}
    prepare(tmp_path / "a", {"train": 20, "test": 4}, keys=None, features=second)
    assert load("spots", tmp_path / "a").class_names == ("x", "y")
    prepare(tmp_path / "b", {"train": 20, "test": 4}, keys=("image", "weight"), features={"weight": np.int64})
    with pytest.raises(NasctlError, match="not a data set of images with one class label each"):
        load("spots", tmp_path / "b")
