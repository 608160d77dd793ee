"""Runs, checkpoints and architecture files of earlier versions open, and are resumed as those versions would.

`write_files.py` says which version wrote `files.tar.xz`, and how.
"""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner
from write_files import ROOT, replace_in_documents

import nasctl
from nasctl.cli.main import app

FUNCTION_RUNS = ["evolution", "killed_function", "local", "paper", "policy", "random", "reinforce"]
TRAINED_RUNS = ["killed", "text", "tiny"]
RUNS = [*FUNCTION_RUNS, *TRAINED_RUNS]
ARCHITECTURES = [
    "choices",
    "cnn",
    "cnn_pooling",
    "cnn_schedule",
    "cnn_strides",
    "mobilenet",
    "nasbench201",
    "rnn",
    "rnn_max_sin",
    "tiny",
]
CHECKPOINTS = ["killed/best/checkpoint", "text/best/checkpoint", "tiny/best/checkpoint", "tiny/trained"]
TWO_EXAMPLES = 2 / 360
"""Accuracy on the test split of the digits: another version of XLA may round a sum differently."""


def unpack(folder: Path) -> Path:
    with tarfile.open(Path(__file__).parent / "files.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    replace_in_documents(folder / "old", ROOT, str(folder / "old"))
    return folder / "old"


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The old files, for tests that only read."""
    return unpack(tmp_path_factory.mktemp("read"))


@pytest.fixture(scope="module")
def expected(untouched: Path) -> Any:
    """The output of the version that wrote the files."""
    return json.loads((untouched / "expected.json").read_text(encoding="utf-8"))


@pytest.fixture
def old(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The old files, for a test that changes them, as the current folder."""
    folder = unpack(tmp_path)
    monkeypatch.chdir(folder)
    return folder


def printed(*arguments: str | Path) -> list[Any]:
    """The JSON lines that a command prints."""
    done = CliRunner().invoke(app, [*map(str, arguments), "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return [json.loads(line) for line in done.stdout.splitlines()]


def comparable(trial: dict[str, Any]) -> dict[str, Any]:
    """A trial without its times and its reward."""
    return {key: value for key, value in kept(trial).items() if key not in ("seconds", "reward")}


def kept(trial: dict[str, Any]) -> dict[str, Any]:
    """A trial without what was not printed by the version that wrote the files."""
    return {key: value for key, value in trial.items() if key != "traceback"}


def test_all_old_runs_and_architectures_are_tested(untouched: Path) -> None:
    assert sorted(path.name for path in (untouched / "runs").iterdir()) == sorted(RUNS)
    assert sorted(path.stem for path in (untouched / "architectures").iterdir()) == ARCHITECTURES


@pytest.mark.parametrize("run", RUNS)
def test_the_trials_of_an_old_run_are_those_that_it_had(run: str, old: Path, expected: Any) -> None:
    stated = expected["runs"][run]
    assert [kept(trial) for trial in printed("trials", f"runs/{run}")] == stated["trials"]
    (status,) = printed("status", f"runs/{run}")
    assert {key: status[key] for key in stated["status"]} == stated["status"]
    assert nasctl.Run(Path("runs") / run).best == max(
        nasctl.Run(Path("runs") / run).trials, key=lambda trial: trial.reward or 0.0
    )


@pytest.mark.parametrize("run", FUNCTION_RUNS)
def test_an_old_search_of_a_function_goes_on_with_the_trials_that_it_would_have_had(
    run: str, old: Path, expected: Any
) -> None:
    resume(run, expected)
    resumed, stated = printed("trials", f"runs/{run}"), expected["runs"][run]["resumed"]
    assert [comparable(trial) for trial in resumed] == [comparable(trial) for trial in stated]
    # Python 3.12 adds floats more precisely than Python 3.11, which wrote the files.
    assert [t["reward"] for t in resumed] == pytest.approx([t["reward"] for t in stated], rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("run", TRAINED_RUNS)
def test_an_old_search_of_networks_goes_on_with_the_trials_that_it_would_have_had(
    run: str, old: Path, expected: Any
) -> None:
    resume(run, expected)
    trials, stated = printed("trials", f"runs/{run}"), expected["runs"][run]["resumed"]
    for key in ("number", "tokens", "status", "architecture_hash", "seed", "reused"):
        assert [trial[key] for trial in trials] == [trial[key] for trial in stated]
    for trial, before in zip(trials, stated, strict=True):
        for key in set(before["metrics"]) & {"params", "flops", "activation_bytes", "depth", "epochs"}:
            assert trial["metrics"][key] == before["metrics"][key]
        for key in set(before["metrics"]) & {"validation_accuracy", "validation_perplexity"}:
            assert trial["metrics"][key] == pytest.approx(before["metrics"][key], rel=0.02, abs=TWO_EXAMPLES)


def resume(run: str, expected: Any) -> None:
    metadata = json.loads((Path("runs") / run / "run.json").read_text(encoding="utf-8"))
    evaluator = [] if metadata["evaluator"] is None else ["--evaluator", metadata["evaluator"]]
    trials = str(len(expected["runs"][run]["resumed"]))
    search = ["search", f"{metadata['space']}.nas", "--resume", "--out", f"runs/{run}"]
    printed(*search, "--trials", trials, *evaluator)


@pytest.mark.parametrize("checkpoint", CHECKPOINTS)
def test_an_old_checkpoint_measures_what_its_document_states(checkpoint: str, old: Path) -> None:
    folder = Path("runs") / checkpoint
    stated = json.loads((folder / "arch.json").read_text(encoding="utf-8"))["results"]
    (measured,) = printed("eval", "--checkpoint", folder)
    metric = "perplexity" if checkpoint.startswith("text") else "accuracy"
    tolerance = 1e-3 * stated["test_perplexity"] if metric == "perplexity" else TWO_EXAMPLES
    assert measured[metric] == pytest.approx(stated[f"test_{metric}"], abs=tolerance)


@pytest.mark.parametrize("name", ARCHITECTURES)
def test_an_old_architecture_stands_for_the_same_network(name: str, untouched: Path, expected: Any) -> None:
    file = untouched / "architectures" / f"{name}.json"
    document = json.loads(file.read_text(encoding="utf-8"))
    architecture = nasctl.Architecture.load(file)
    assert list(architecture.tokens) == document["tokens"]
    assert architecture.space.hash == document["space"]["hash"]
    assert architecture.document()["values"] == document["values"]
    if name == "choices":
        return
    stated = expected["architectures"][name]
    signature = nasctl.Signature(tuple(stated["input_shape"]), stated["outputs"])
    assert architecture.hash(signature) == stated["hash"]
    assert architecture.cost(signature).params == stated["params"]


@pytest.mark.parametrize("name", [name for name in ARCHITECTURES if name != "choices"])
@pytest.mark.parametrize("format", ["txt", "svg"])
def test_an_old_architecture_is_drawn(name: str, format: str, untouched: Path, tmp_path: Path) -> None:
    drawing = tmp_path / f"drawing.{format}"
    arguments = ["render", str(untouched / "architectures" / f"{name}.json"), "-o", str(drawing)]
    assert CliRunner().invoke(app, arguments, catch_exceptions=False).exit_code == 0
    assert drawing.stat().st_size > 100


@pytest.mark.slow
def test_an_old_architecture_is_trained_as_it_was(old: Path) -> None:
    stated = json.loads((old / "runs/tiny/trained/arch.json").read_text(encoding="utf-8"))["results"]
    (again,) = printed("train", "runs/tiny/best/arch.json", "--epochs", "1", "--out", "again")
    trained = json.loads((old / "again" / "arch.json").read_text(encoding="utf-8"))["results"]
    assert trained["validation_accuracy"] == pytest.approx(stated["validation_accuracy"], abs=TWO_EXAMPLES)
    assert again["checkpoint"] == "again"
