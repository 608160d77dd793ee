"""From a search on the digits to a trained network, with each command in its own process."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.slow


def nasctl(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )


def printed(*arguments: str, cwd: Path) -> Any:
    done = nasctl(*arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a finished run of three children and a trained checkpoint."""
    folder = tmp_path_factory.mktemp("images")
    found = printed("search", "spaces/tiny.nas", "--trials", "3", "--set", "training.epochs=1", cwd=folder)
    assert found["trials"] == 3
    trained = printed("train", "runs/tiny", "--epochs", "2", cwd=folder)
    assert trained["checkpoint"] == "runs/tiny/trained"
    return folder


@pytest.mark.parametrize("checkpoint", ["runs/tiny/best/checkpoint", "runs/tiny/trained"])
def test_a_checkpoint_has_exactly_the_same_results_in_a_new_process(checkpoint: str, folder: Path) -> None:
    stated = json.loads((folder / checkpoint / "arch.json").read_text())["results"]
    for split in ("test", "validation"):
        measured = printed("eval", "--checkpoint", checkpoint, "--split", split, cwd=folder)
        assert measured["accuracy"] == stated[f"{split}_accuracy"]
        assert measured["split"] == split
    assert measured["examples"] > 100


def test_the_best_architecture_of_a_run_has_its_results(folder: Path) -> None:
    document = json.loads((folder / "runs/tiny/best/arch.json").read_text())
    (best,) = (t for t in trials(folder) if t["number"] == document["origin"]["trial"])
    assert best["reward"] == max(trial["reward"] for trial in trials(folder))
    assert best["reward"] == document["results"]["reward"] == document["results"]["validation_accuracy"] ** 3
    assert len(document["task"].pop("digest")) == 64
    task = document["task"]
    assert (task["dataset"], task["input_shape"], task["outputs"]) == ("digits", [8, 8, 1], 10)
    assert document["training"]["epochs"] == 1
    assert all("test_accuracy" not in trial["metrics"] for trial in trials(folder))


def trials(folder: Path) -> list[dict[str, Any]]:
    done = nasctl("trials", "runs/tiny", "--json", cwd=folder)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_checkpoint_of_another_architecture_is_refused(folder: Path) -> None:
    other = folder / "other"
    shutil.copytree(folder / "runs/tiny/trained", other)
    document = json.loads((other / "arch.json").read_text())
    sampled = nasctl("sample", "spaces/tiny.nas", "-n", "20", "--json", cwd=folder)
    strings = [json.loads(line)["tokens"] for line in sampled.stdout.splitlines()]
    document["tokens"] = next(tokens for tokens in strings if tokens != document["tokens"])
    (other / "arch.json").write_text(json.dumps(document))
    done = nasctl("eval", "--checkpoint", "other", cwd=folder)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert "arch.json" in done.stderr


def test_a_truncated_architecture_is_refused_by_every_command_that_reads_one(folder: Path) -> None:
    text = (folder / "runs/tiny/best/arch.json").read_text()
    (folder / "cut.json").write_text(text[: len(text) // 2])
    for command in ("render", "train"):
        done = nasctl(command, "cut.json", cwd=folder)
        assert done.returncode == 2
        assert "cut.json" in done.stderr
        assert "Traceback" not in done.stderr
