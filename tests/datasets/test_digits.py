import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_digits

from nasctl.datasets import Dataset, load


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return load("digits", tmp_path_factory.mktemp("data"))


def test_the_digits_are_those_of_scikit_learn(digits: Dataset) -> None:
    original = load_digits()
    rows = {
        (image.tobytes(), label)
        for image, label in zip(original.images.astype(np.uint8), original.target, strict=True)
    }
    for examples in (digits.train, digits.test):
        assert examples.inputs.shape[1:] == (8, 8, 1)
        assert examples.inputs.dtype == np.uint8
        for image, label in zip(examples.inputs, examples.labels, strict=True):
            assert (image.tobytes(), label) in rows


def test_each_digit_is_in_exactly_one_split(digits: Dataset) -> None:
    assert (len(digits.train), len(digits.test)) == (1437, 360)
    together = np.concatenate([digits.train.inputs, digits.test.inputs]).reshape(1797, -1)
    original = load_digits().images.reshape(1797, -1)
    assert np.array_equal(sorted(map(tuple, together)), sorted(map(tuple, original)))


def test_the_split_is_stratified(digits: Dataset) -> None:
    assert set(np.bincount(digits.test.labels)) == {35, 36, 37}


def test_the_split_never_changes(digits: Dataset) -> None:
    assert digits.test.labels[:12].tolist() == [3, 7, 3, 9, 0, 8, 7, 0, 8, 0, 3, 3]
    assert int(digits.test.inputs.sum(dtype=int)) == 111_717


def test_reading_needs_neither_tensorflow_nor_tfds_nor_jax(digits: Dataset, tmp_path: Path) -> None:
    code = (
        "import sys, nasctl.datasets as d\n"
        "d.load('digits')\n"
        "print(sorted({'tensorflow', 'tensorflow_datasets', 'jax', 'sklearn'} & set(sys.modules)))\n"
    )
    environment = {**os.environ, "NASCTL_DATA_DIR": str(tmp_path)}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
        )

    preparing, reading = run(), run()
    assert preparing.stdout == "['sklearn', 'tensorflow_datasets']\n"
    assert reading.stdout == "[]\n"
    assert preparing.stderr == reading.stderr == ""
