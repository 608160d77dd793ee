"""Searches on a data set that does not fit into the memory that they may use."""

from pathlib import Path

import numpy as np
import pytest

import nasctl
from nasctl.datasets.rows import read_rows
from nasctl.dialects import parse_space
from nasctl.errors import NasctlError
from nasctl.training import chunks

SPACE = parse_space(
    "space cnn\ninput image\nlayers 1\nlayer { conv { height in {1} width in {1} filters in {1, 2} } relu }\n"
    "output classifier\n",
    name="small",
)
MEGABYTE = 1e-3  # in GB


@pytest.fixture
def images(tmp_path: Path) -> Path:
    """300 images, which take 3.7 MB in memory."""
    random = np.random.default_rng(0)
    arrays = {
        "x_train": random.integers(0, 256, (200, 64, 64, 1), np.uint8),
        "y_train": np.arange(200) % 2,
        "x_test": random.integers(0, 256, (100, 64, 64, 1), np.uint8),
        "y_test": np.arange(100) % 2,
    }
    np.savez(tmp_path / "images.npz", **arrays)
    return tmp_path / "images.npz"


def search(images: Path, out: Path, **settings: float) -> nasctl.Run:
    layers = {
        "controller": {"kind": "random"},
        "search": {"executor": "inline", "trials": 2, "duplicates": "repeat", **settings},
        "training": {"epochs": 2, "batch": 10},
    }
    return nasctl.search(SPACE, dataset=str(images), out=out, settings=layers)


def test_a_search_has_the_same_results_in_less_memory(
    images: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = search(images, tmp_path / "whole")
    read = []
    monkeypatch.setattr(chunks, "read_rows", lambda *arguments: read.append(1) or read_rows(*arguments))
    chunked = search(images, tmp_path / "chunked", memory_gigabytes=2 * MEGABYTE)
    assert read
    assert [trial.reward for trial in chunked.trials] == [trial.reward for trial in whole.trials]
    results = [run.best.metrics["validation_loss"] for run in (whole, chunked)]
    assert results[0] == results[1]


def test_a_network_needs_the_memory_that_the_examples_leave(images: Path, tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="no network of small can be trained"):
        search(images, tmp_path / "run", memory_gigabytes=0.2 * MEGABYTE)
