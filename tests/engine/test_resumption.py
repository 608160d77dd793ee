"""A run is resumed as the same search or not at all: nothing that decides its trials changes without a word."""

from __future__ import annotations

import json
import logging
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import nasctl
from nasctl.cli.main import app
from nasctl.errors import NasctlError, WorkFailed
from nasctl.space import Space

IMAGES = "space cnn\nlayers 1\nlayer { conv { size in {1, 3} filters 2 } }\ntraining { epochs 1 batch 8 }\n"
SCORES = """\
def score(architecture):
    return {"reward": sum(architecture.tokens), "latency": 3.0}

def other(architecture):
    return 1.0
"""
EVALUATOR = "scores_of_resumption:score"


def write_images(path: Path, *, seed: int = 0, **arrays: Any) -> Path:
    random = np.random.default_rng(seed)
    whole = {
        "x_train": random.integers(0, 255, (20, 4, 4), dtype=np.uint8),
        "y_train": np.arange(20) % 2,
        "x_test": random.integers(0, 255, (6, 4, 4), dtype=np.uint8),
        "y_test": np.arange(6) % 2,
    }
    np.savez(path, **{**whole, **arrays})
    return path


def on_the_command_line(*arguments: str | Path) -> None:
    done = CliRunner().invoke(app, list(map(str, arguments)))
    if done.exception is not None:
        raise done.exception


def resume(*arguments: str | Path, space: str = "toy.nas") -> None:
    on_the_command_line("search", space, "--resume", "--out", "run", *arguments)


def refusal(*arguments: str | Path, space: str = "toy.nas") -> str:
    """The message with which the command line refuses to resume; the run is left as it was."""
    before = (Path("run/run.json").read_bytes(), len(nasctl.Run(Path("run")).trials))
    with pytest.raises(NasctlError) as caught:
        resume(*arguments, space=space)
    assert caught.value.exit_code == 2
    assert (Path("run/run.json").read_bytes(), len(nasctl.Run(Path("run")).trials)) == before
    return caught.value.message


@pytest.fixture
def scored(space: Space, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a run of three scored trials."""
    (tmp_path / "scores_of_resumption.py").write_text(SCORES)
    monkeypatch.chdir(tmp_path)
    Path("toy.nas").write_text(space.source)
    inline = {"search": {"executor": "inline"}}
    nasctl.search("toy.nas", EVALUATOR, controller="random", seed=3, trials=3, out="run", settings=inline)
    return tmp_path


@pytest.fixture(scope="module")
def trained_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run that trained one network on a file of images."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "toy.nas").write_text(IMAGES)
    write_images(folder / "images.npz")
    nasctl.search(
        folder / "toy.nas",
        controller="random",
        trials=1,
        out=folder / "run",
        dataset=str(folder / "images.npz"),
        settings={"search": {"executor": "inline"}, "training": {"batch": 4}},
    )
    return folder


@pytest.fixture
def trained(trained_once: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that folder as the current one."""
    shutil.copytree(trained_once, tmp_path / "copy")
    monkeypatch.chdir(tmp_path / "copy")
    for file in (
        "run.json",
        "best/arch.json",
        "best/checkpoint/arch.json",
        "best/checkpoint/checkpoint.json",
    ):
        text = (Path("run") / file).read_text()
        (Path("run") / file).write_text(text.replace(str(trained_once), str(tmp_path / "copy")))
    return tmp_path / "copy"


def test_another_seed_is_refused_and_the_same_one_accepted(scored: Path) -> None:
    assert refusal("--evaluator", EVALUATOR, "--seed", "5") == "the seed of run is 3, not 5"
    assert "the seed of run is 3, not 0" in refusal("--evaluator", EVALUATOR, "--seed", "0")
    resume("--evaluator", EVALUATOR, "--seed", "3", "--trials", "4")
    resume("--evaluator", EVALUATOR, "--trials", "5")
    assert len(nasctl.Run(Path("run")).trials) == 5


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda text: text.replace("{0, 1, 2, 3}", "{0, 1, 2}"), id="fewer choices"),
        pytest.param(lambda text: text.replace("a in {0, 1, 2, 3}", "a in {3, 2, 1, 0}"), id="another order"),
        pytest.param(lambda text: text + "require latency <= 2\n", id="a constraint"),
        pytest.param(lambda text: text.replace("b in", "d in"), id="another name"),
    ],
)
def test_another_space_is_refused(change: Callable[[str], str], scored: Path) -> None:
    Path("other.nas").write_text(change(Path("toy.nas").read_text()))
    message = refusal("--evaluator", EVALUATOR, space="other.nas")
    assert message == "run searches another space than other"


def test_a_space_that_was_edited_in_place_is_refused_and_the_run_s_own_accepted(scored: Path) -> None:
    Path("toy.nas").write_text(Path("toy.nas").read_text().replace("{0, 1, 2, 3}", "{0, 1}"))
    assert "another space than toy" in refusal("--evaluator", EVALUATOR)
    resume("--evaluator", EVALUATOR, "--trials", "4", space="run/space.nas")
    assert len(nasctl.Run(Path("run")).trials) == 4


def test_an_included_file_that_was_edited_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("scores_of_resumption.py").write_text(SCORES)
    Path("part.nas").write_text("space choices\na in {0, 1, 2}\n")
    Path("toy.nas").write_text('space choices\ninclude "part.nas"\nb in {0, 1}\n')
    nasctl.search("toy.nas", EVALUATOR, controller="random", trials=2, out="run")
    Path("part.nas").write_text("space choices\na in {0, 1, 7}\n")
    assert "another space than toy" in refusal("--evaluator", EVALUATOR)


def test_a_comment_or_a_larger_budget_in_the_space_file_is_no_other_space(scored: Path) -> None:
    Path("toy.nas").write_text("# a comment\n" + Path("toy.nas").read_text() + "search { trials 9 }\n")
    resume("--evaluator", EVALUATOR, "--trials", "4")
    assert len(nasctl.Run(Path("run")).trials) == 4


def test_settings_of_the_space_file_that_decide_the_trials_are_compared(scored: Path) -> None:
    Path("toy.nas").write_text(Path("toy.nas").read_text() + "training { epochs 9 }\n")
    assert "training.epochs in the space toy changed" in refusal("--evaluator", EVALUATOR)


def test_another_controller_is_refused_and_the_same_one_accepted(scored: Path) -> None:
    assert "--controller cannot change" in refusal("--evaluator", EVALUATOR, "--controller", "local")
    resume("--evaluator", EVALUATOR, "--controller", "random", "--trials", "4")


def test_the_command_that_names_the_function_again_is_the_hint(scored: Path) -> None:
    with pytest.raises(NasctlError, match="came from --evaluator") as caught:
        nasctl.resume("run")
    command = f"nasctl search run/space.nas --resume --out run --evaluator {EVALUATOR}"
    assert caught.value.hint == f"if you trust this code: {command}"


def test_strings_to_try_first_must_be_of_the_space_when_a_run_is_resumed(scored: Path) -> None:
    for init, code in ([[3, 3, 3]], 0), ([[3, 3]], 2), ([[9, 0, 0]], 2):
        document = json.loads(Path("run/run.json").read_text())
        Path("run/run.json").write_text(json.dumps({**document, "init": init}))
        if code:
            assert 'run/run.json is damaged: "init": ' in refusal("--evaluator", EVALUATOR, "--trials", "5")
        else:
            resume("--evaluator", EVALUATOR, "--trials", "4")


def test_another_function_is_refused(scored: Path) -> None:
    assert "not from scores_of_resumption:other" in refusal("--evaluator", "scores_of_resumption:other")


@pytest.mark.parametrize("thing", [5, b"scores:score", ["score"], {"reward": 1.0}, object()])
def test_what_is_no_function_is_refused_at_the_start(thing: Any, scored: Path) -> None:
    with pytest.raises(NasctlError, match="cannot evaluate architectures"):
        nasctl.search("toy.nas", thing, out="another")
    assert not Path("another").exists()


def test_a_data_set_for_a_run_without_one_is_refused(scored: Path) -> None:
    write_images(Path("images.npz"))
    assert "searches on no data set" in refusal("--evaluator", EVALUATOR, "--dataset", "images.npz")


def test_an_architecture_to_try_first_is_refused(scored: Path) -> None:
    assert "--init cannot change" in refusal("--evaluator", EVALUATOR, "--init", "run/best/arch.json")


def test_a_run_that_trains_is_not_continued_with_a_function(trained: Path) -> None:
    Path("scores_of_resumption.py").write_text(SCORES)
    assert "came from training" in refusal("--evaluator", EVALUATOR)
    with pytest.raises(NasctlError, match="came from training"):
        nasctl.resume("run", lambda architecture: 1.0)


def test_a_run_of_a_function_with_a_data_set_is_not_continued_by_training(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("toy.nas").write_text(IMAGES)
    write_images(Path("images.npz"))

    def score(architecture: nasctl.Architecture) -> float:
        return float(architecture.tokens[0])

    nasctl.search("toy.nas", score, controller="random", trials=2, out="run", dataset="images.npz")
    assert "came from a function of a Python program" in refusal()
    assert len(nasctl.resume("run", score, budget={"trials": 3}).trials) == 3


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"seed": 1}, id="other pixels"),
        pytest.param({"y_train": (np.arange(20) + 1) % 2}, id="other labels"),
        pytest.param({"y_test": (np.arange(6) + 1) % 2}, id="other labels of the test"),
        pytest.param({"class_names": np.array(["cat", "dog"])}, id="other names of the classes"),
        pytest.param({"x_train": np.arange(320.0, dtype=np.float32).reshape(20, 4, 4),
                      "x_test": np.zeros((6, 4, 4), np.float32)}, id="another number format"),
        pytest.param({"x_train": (np.arange(500) % 251).astype(np.uint8).reshape(20, 5, 5),
                      "x_test": np.zeros((6, 5, 5), np.uint8)}, id="another size"),
    ],
)  # fmt: skip
def test_a_data_set_whose_content_has_changed_is_refused(changed: dict[str, Any], trained: Path) -> None:
    write_images(Path("images.npz"), **changed)
    told = refusal("--trials", "2")
    assert "images.npz has changed since run was started" in told
    recorded = json.loads(Path("run/run.json").read_text())["dataset_digest"]
    assert re.search(f": the digest of its content is [0-9a-f]{{8}}…, not {recorded[:8]}…$", told)
    with pytest.raises(NasctlError, match="has changed since the architecture .* was measured on it"):
        on_the_command_line("train", "run", "--epochs", "1")
    if "class_names" not in changed:  # matched by name, unless the names are others
        with pytest.raises(NasctlError, match=r"has changed since .* was trained on it|takes 4×4×1 inputs"):
            on_the_command_line("eval", "--checkpoint", "run")


def test_another_data_set_is_refused_and_one_that_was_moved_accepted(trained: Path) -> None:
    write_images(Path("other.npz"), seed=1)
    assert "not on other.npz: the digest of its content is " in refusal("--dataset", "other.npz")
    Path("images.npz").rename("moved.npz")
    assert "the data set of the run run is no longer at" in refusal("--trials", "1")
    with pytest.raises(NasctlError, match="is no longer at .*images.npz"):
        on_the_command_line("train", "run", "--epochs", "1")
    resume("--dataset", "moved.npz", "--trials", "1")  # nothing is left to do
    assert json.loads(Path("run/run.json").read_text())["dataset"] == str(Path("moved.npz").absolute())
    resume("--trials", "1")
    on_the_command_line("eval", "run")  # the checkpoint still names the old place


def test_rewriting_the_same_content_is_no_change(trained: Path) -> None:
    arrays = dict(np.load("images.npz"))
    np.savez_compressed("images.npz", **dict(reversed(arrays.items())))
    resume("--trials", "1")


def test_a_run_of_an_earlier_version_has_no_digest_and_is_resumed(trained: Path) -> None:
    document = json.loads(Path("run/run.json").read_text())
    del document["dataset_digest"], document["trains"]
    Path("run/run.json").write_text(json.dumps(document))
    write_images(Path("images.npz"), seed=1)
    resume("--trials", "1")
    write_images(Path("other.npz"), seed=1)
    assert "not on other.npz" in refusal("--dataset", "other.npz")


def test_a_run_of_the_first_version_trains_if_it_has_a_checkpoint_or_no_network_yet(trained: Path) -> None:
    document = json.loads(Path("run/run.json").read_text())
    del document["trains"]
    Path("run/run.json").write_text(json.dumps(document))
    Path("scores_of_resumption.py").write_text(SCORES)
    shutil.rmtree("run/best/checkpoint")
    assert "came from a function of a Python program" in refusal()
    shutil.rmtree("run/best")
    assert "came from training" in refusal("--evaluator", EVALUATOR)


def test_other_versions_are_noted_when_a_run_that_trains_is_resumed(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    document = json.loads(Path("run/run.json").read_text())
    document["versions"]["jax"] = "0.1.2"
    Path("run/run.json").write_text(json.dumps(document))
    with caplog.at_level(logging.WARNING):
        nasctl.resume("run")
    assert "was started with jax 0.1.2 (now " in caplog.text
    caplog.clear()
    Path("run/run.json").write_text(json.dumps({**document, "versions": ["jax"]}))
    nasctl.resume("run")
    assert "was started with" not in caplog.text


def test_an_architecture_of_another_space_is_tried_with_a_note(
    scored: Path, caplog: pytest.LogCaptureFixture
) -> None:
    Path("other.nas").write_text(
        Path("toy.nas").read_text().replace("c in {0, 1, 2, 3}", "c in {3, 2, 1, 0}")
    )
    settings = {"controller": {"kind": "random"}}
    with caplog.at_level(logging.WARNING):
        run = nasctl.search(
            "other.nas", EVALUATOR, trials=1, out="second", init=["run/best/arch.json"], settings=settings
        )
    assert "run/best/arch.json is not of the space other" in caplog.text
    assert run.best_architecture.values == nasctl.Architecture.load("run").values


# Training an architecture again


@pytest.mark.slow
def test_train_uses_the_settings_and_the_data_of_the_search(trained: Path) -> None:
    for source in ("run", "run/best/arch.json", "run/best/checkpoint"):
        on_the_command_line("train", source, "--epochs", "1", "--out", "again")
        stated = json.loads(Path("again/checkpoint.json").read_text())
        assert stated["training"]["batch"] == 4
        assert stated["dataset"].endswith("images.npz")
        shutil.rmtree("again")
    shutil.copy("run/best/arch.json", "alone.json")
    on_the_command_line(
        "train", "alone.json", "--epochs", "1", "--out", "again", "--set", "training.momentum=0.5"
    )
    stated = json.loads(Path("again/checkpoint.json").read_text())["training"]
    assert (stated["batch"], stated["momentum"], stated["epochs"]) == (4, 0.5, 1)
    on_the_command_line("train", "again", "--epochs", "1")
    assert json.loads(Path("again-trained/checkpoint.json").read_text())["training"]["momentum"] == 0.5


def test_train_finds_the_settings_of_an_earlier_version_in_the_run(trained: Path) -> None:
    document = json.loads(Path("run/best/arch.json").read_text())
    del document["training"], document["task"]["digest"]
    Path("run/best/arch.json").write_text(json.dumps(document))
    on_the_command_line("train", "run", "--epochs", "1", "--out", "again")
    assert json.loads(Path("again/checkpoint.json").read_text())["training"]["batch"] == 4


def test_a_setting_is_not_given_two_values(trained: Path) -> None:
    for options in (
        ["--epochs", "1", "--set", "training.epochs=2"],
        ["--set", "training.batch=4", "--set", "training.batch=5"],
    ):
        with pytest.raises(NasctlError, match="two values"):
            on_the_command_line("train", "run", *options)
    with pytest.raises(
        NasctlError, match="--set search.trials=4 and --trials 5 give search.trials two values"
    ):
        on_the_command_line("search", "toy.nas", "--trials", "5", "--set", "search.trials=4")
    with pytest.raises(NasctlError, match="give controller.kind two values"):
        on_the_command_line("search", "toy.nas", "--controller", "local", "--set", "controller.kind=random")


# Measures that are needed


@pytest.mark.parametrize(
    ("line", "reward", "needed"),
    [
        ("require latency <= 20", "", "`require latency <= 20` needs latency"),
        ("require validation_latency <= 20", "", "needs validation_latency"),
        ("require test_accuracy >= 0", "", "needs test_accuracy"),
        ("require perplexity < 9", "", "needs perplexity"),
        ("", "accuracy / latency", "the reward `accuracy / latency` needs latency"),
        ("", "accurracy", "needs accurracy"),
    ],
)
def test_a_measure_that_training_does_not_have_is_refused_at_the_start(
    line: str, reward: str, needed: str, trained: Path
) -> None:
    Path("needy.nas").write_text(f"{IMAGES}{line}\n")
    with pytest.raises(NasctlError) as caught:
        nasctl.search("needy.nas", out="needy", dataset="images.npz", settings={"search": {"reward": reward}})
    assert needed in caught.value.message
    assert "validation" not in caught.value.hint
    assert "accuracy" in caught.value.hint
    assert not Path("needy").exists()


def test_accuracy_is_short_for_that_of_the_validation_in_constraints_too(trained: Path) -> None:
    Path("needy.nas").write_text(f"{IMAGES}require accuracy > 1\nrequire params < 1M\n")
    with pytest.raises(WorkFailed, match="accuracy > 1 is required"):
        nasctl.search(
            "needy.nas",
            controller="random",
            out="needy",
            dataset="images.npz",
            settings={"search": {"executor": "inline", "max_failures": 1}},
        )


def test_a_function_that_never_returns_a_needed_measure_ends_the_search_and_loses_no_trial(
    space: Space, tmp_path: Path
) -> None:
    needy = nasctl.dialects.parse_space(space.source + "require latency <= 20\n", name="needy")
    with pytest.raises(NasctlError, match="`require latency <= 20` needs latency, which is not measured"):
        nasctl.search(
            needy,
            lambda _: {"reward": 1.0, "latence": 3.0},
            controller="random",
            out=tmp_path / "run",
            trials=3,
        )
    run = nasctl.resume(tmp_path / "run", lambda _: {"reward": 1.0, "latency": 3.0})
    assert [trial.status for trial in run.trials] == ["complete"] * 3


def test_a_function_that_forgets_a_needed_measure_makes_the_trial_invalid(
    space: Space, tmp_path: Path
) -> None:
    needy = nasctl.dialects.parse_space(space.source + "require latency <= 20\n", name="needy")
    returned = iter([{"reward": 1.0, "latency": 3.0}, {"reward": 9.0}, {"reward": 1.0, "latency": 30.0}])
    settings = {"search": {"duplicates": "repeat"}}
    run = nasctl.search(
        needy,
        lambda _: next(returned),
        controller="random",
        out=tmp_path / "run",
        trials=3,
        settings=settings,
    )
    assert [trial.status for trial in run.trials] == ["complete", "invalid", "invalid"]
    assert "needs latency, which is not measured" in run.trials[1].cause
    assert run.best.number == 0


# Comparisons


def test_a_comparison_resumes_only_runs_of_the_same_search(scored: Path) -> None:
    command = ["compare", "toy.nas", "--controllers", "random", "--seeds", "1", "--evaluator", EVALUATOR]
    on_the_command_line(*command, "--trials", "2")
    on_the_command_line(*command, "--trials", "3")
    with pytest.raises(NasctlError, match="controller.batch cannot change"):
        on_the_command_line(*command, "--trials", "3", "--set", "controller.batch=2")
    Path("toy.nas").write_text(Path("toy.nas").read_text().replace("{0, 1, 2, 3}", "{0, 1, 2}"))
    with pytest.raises(NasctlError, match="another space"):
        on_the_command_line(*command, "--trials", "3")
