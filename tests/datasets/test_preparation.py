import os
import shutil
import stat
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds

from nasctl.datasets import load
from nasctl.datasets.dataset import DatasetSpec
from nasctl.datasets.preparation import folder_of, is_prepared, load_spec
from nasctl.errors import NasctlError


def test_examples_are_loaded_in_the_order_of_the_specification(spec: DatasetSpec, tmp_path: Path) -> None:
    dataset = load_spec(spec, tmp_path)
    assert dataset.train.inputs[:, 0, 0, 0].tolist() == [0, 1, 2, 3, 4, 5]
    assert dataset.train.labels.tolist() == [0, 1, 2, 0, 1, 2]
    assert dataset.test.labels.tolist() == [0, 1, 2]
    assert (dataset.class_names, dataset.classes, dataset.kind) == (("a", "b", "c"), 3, "image")


def test_tfds_reads_the_prepared_files(spec: DatasetSpec, tmp_path: Path) -> None:
    load_spec(spec, tmp_path)
    builder = tfds.builder_from_directory(folder_of(spec, tmp_path))
    assert builder.info.file_format == tfds.core.FileFormat.ARRAY_RECORD
    assert builder.info.features["label"].names == ["a", "b", "c"]
    assert [int(example["label"]) for example in builder.as_data_source(split="train")] == [0, 1, 2, 0, 1, 2]


def test_a_data_set_is_prepared_once(spec: DatasetSpec, tmp_path: Path) -> None:
    assert not is_prepared(spec, tmp_path)
    load_spec(spec, tmp_path)
    assert is_prepared(spec, tmp_path)

    def fails(split: str, file: Path | None) -> None:
        raise AssertionError("read again")

    load_spec(replace(spec, read=fails), tmp_path)


def test_no_temporary_folder_is_left(spec: DatasetSpec, tmp_path: Path) -> None:
    load_spec(spec, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["small"]


def test_what_a_preparation_left_that_was_killed_is_removed_after_a_day(
    spec: DatasetSpec, tmp_path: Path
) -> None:
    for name in (".preparing-small-old", ".preparing-small-now"):
        (tmp_path / name / "small").mkdir(parents=True)
    os.utime(tmp_path / ".preparing-small-old", (0, time.time() - 25 * 3600))
    load_spec(spec, tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".preparing-small-now", "small"]


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty folder", "other shape"])
def test_a_broken_folder_is_prepared_again(spec: DatasetSpec, tmp_path: Path, damage: str) -> None:
    load_spec(spec, tmp_path)
    folder = folder_of(spec, tmp_path)
    images = folder / "arrays" / "train-images.npy"
    if damage == "missing":
        images.unlink()
    elif damage == "truncated":
        images.write_bytes(images.read_bytes()[:-5])
    elif damage == "empty folder":
        shutil.rmtree(folder)
        folder.mkdir()
    else:
        np.save(images, np.zeros((6, 3, 3, 1), np.uint8))
    assert load_spec(spec, tmp_path).train.labels.tolist() == [0, 1, 2, 0, 1, 2]


def test_a_wrong_number_of_examples_is_an_error(spec: DatasetSpec, tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="does not have the number and shape of examples"):
        load_spec(replace(spec, splits={"train": 7, "test": 3}), tmp_path)


def test_an_unwritable_folder_is_an_error_that_names_the_option(spec: DatasetSpec, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NasctlError, match="cannot be written") as caught:
        load_spec(spec, tmp_path / "file" / "data")
    assert "--data-dir" in caught.value.hint


def _load_digits(data_dir: Path) -> int:
    return int(load("digits", data_dir).train.inputs.sum(dtype=int))


@pytest.mark.slow
def test_concurrent_preparations_do_not_disturb_each_other(tmp_path: Path) -> None:
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        sums = set(pool.map(_load_digits, [tmp_path] * 3))
    assert len(sums) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["digits"]


def test_prepared_folders_are_readable_by_the_group(spec: DatasetSpec, tmp_path: Path) -> None:
    load_spec(spec, tmp_path)
    mode = folder_of(spec, tmp_path).stat().st_mode
    assert mode & stat.S_IRGRP
