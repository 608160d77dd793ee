"""The settings of the section data: recorded by a run, and used by what trains again."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import nasctl
from nasctl.arch_json import load_document
from nasctl.config import EARLIER_DATA, DataConfig
from nasctl.engine import recorded_data, task_to_train
from nasctl.settings import resolve
from nasctl.store import RunFolder
from nasctl.training import load_checkpoint

SETTINGS: dict[str, dict[str, object]] = {
    "controller": {"kind": "random"},
    "search": {"executor": "inline", "trials": 1},
    "training": {"epochs": 1},
    "data": {"examples": 20},
}


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run on 20 of 48 examples."""
    rng = np.random.default_rng(0)
    x, y = rng.integers(0, 256, (60, 5, 5), np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "images.npz", x_train=x[:48], y_train=y[:48], x_test=x[48:], y_test=y[48:])
    data = str(tmp_path / "images.npz")
    return nasctl.search("spaces/tiny.nas", dataset=data, out=tmp_path / "run", settings=SETTINGS).folder


def test_a_run_records_how_its_data_were_read_and_train_uses_all(run: Path) -> None:
    metadata = RunFolder.open(run).metadata()
    assert metadata["config"]["data"] == {"image_size": "", "fit": "", "examples": 20, "splits": "stable"}
    assert metadata["examples"]["train"] + metadata["examples"]["validation"] == 20
    assert metadata["examples"]["test"] == 12
    found = load_document(run)
    assert found.task is not None
    assert found.task.settings == DataConfig(examples=20)
    assert load_checkpoint(run / "best" / "checkpoint").data == DataConfig(examples=20)
    assert recorded_data(found)["examples"] == 0
    whole = task_to_train(found, None)
    assert len(whole.splits["train"]) + len(whole.splits["validation"]) == 48
    assert whole.digest == found.task.digest  # that of the whole data set


def test_files_without_settings_were_written_before_there_were_any(run: Path) -> None:
    file = run / "best" / "arch.json"
    document = json.loads(file.read_text())
    del document["task"]["settings"]
    file.write_text(json.dumps(document))
    found = load_document(file)
    assert found.task is not None
    assert found.task.settings == EARLIER_DATA == resolve({"data": {"splits": "random"}}).data
    metadata = json.loads((run / "run.json").read_text())
    del metadata["config"]["data"]
    (run / "run.json").write_text(json.dumps(metadata))
    assert RunFolder.open(run).config().data == EARLIER_DATA
