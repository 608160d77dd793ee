import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np
import pytest
from tiny_networks import LinearArchitecture, TinyArchitecture

from nasctl.config import TrainingConfig
from nasctl.datasets import Dataset
from nasctl.errors import NasctlError
from nasctl.tasks import SupervisedTask, supervised_task
from nasctl.training import (
    TrainedChild,
    check_saveable,
    evaluate,
    load_checkpoint,
    save_checkpoint,
    train_child,
)

CONFIG = TrainingConfig(epochs=2, batch=16, learning_rate=0.05)
DOCUMENT = {"space": "tiny", "tokens": [1, 2]}


@pytest.fixture(scope="module")
def child(blobs: SupervisedTask) -> TrainedChild:
    return train_child(TinyArchitecture(), blobs, CONFIG, seed=0)


@pytest.fixture
def folder(child: TrainedChild, blobs: SupervisedTask, tmp_path: Path) -> Path:
    path = tmp_path / "checkpoint"
    save_checkpoint(path, child.weights, document=DOCUMENT, task=blobs, config=CONFIG, metrics=child.metrics)
    return path


def test_what_was_saved_is_loaded(folder: Path, child: TrainedChild, blobs: SupervisedTask) -> None:
    loaded = load_checkpoint(folder)
    assert loaded.document == DOCUMENT
    assert loaded.config == CONFIG
    assert (loaded.dataset, loaded.validation_seed, loaded.signature) == ("blobs", 0, blobs.signature)
    assert (loaded.digest, loaded.encoding) == (blobs.digest, blobs.encoding)
    assert loaded.metrics == child.metrics
    weights = loaded.weights_for(TinyArchitecture(), blobs)
    assert jax.tree.structure(weights) == jax.tree.structure(child.weights)
    for one, two in zip(jax.tree.leaves(weights), jax.tree.leaves(child.weights), strict=True):
        assert one.dtype == two.dtype
        assert (one == two).all()


def test_it_measures_the_same_digits(folder: Path, child: TrainedChild, blobs: SupervisedTask) -> None:
    loaded = load_checkpoint(folder)
    weights = loaded.weights_for(TinyArchitecture(), blobs)
    assert evaluate(TinyArchitecture(), weights, blobs, loaded.config) == child.measure_split(
        child.weights, "test"
    )


def test_saving_again_replaces_the_old_one_and_leaves_nothing_behind(
    folder: Path, child: TrainedChild, blobs: SupervisedTask
) -> None:
    save_checkpoint(folder, child.weights, document={"new": True}, task=blobs, config=CONFIG)
    assert load_checkpoint(folder).document == {"new": True}
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]


def test_a_save_that_was_killed_between_its_renames_loses_nothing(folder: Path) -> None:
    folder.rename(folder.with_name(".checkpoint.previous"))
    assert load_checkpoint(folder).document == DOCUMENT


def test_a_save_that_fails_leaves_the_old_one(
    folder: Path, child: TrainedChild, blobs: SupervisedTask
) -> None:
    with pytest.raises(TypeError):
        save_checkpoint(folder, child.weights, document={"a": object()}, task=blobs, config=CONFIG)
    assert load_checkpoint(folder).document == DOCUMENT
    assert [path.name for path in folder.parent.iterdir()] == ["checkpoint"]


def test_a_folder_with_something_else_in_it_is_not_overwritten(
    child: TrainedChild, blobs: SupervisedTask, tmp_path: Path
) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(NasctlError, match="is not a checkpoint"):
        save_checkpoint(tmp_path, child.weights, document=DOCUMENT, task=blobs, config=CONFIG)
    assert (tmp_path / "thesis.tex").exists()


def test_nothing_is_pickled(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.is_dir() or not path.read_bytes().startswith(b"\x80")


def test_a_missing_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="does not exist"):
        load_checkpoint(tmp_path / "nothing")


def test_a_file_in_the_place_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NasctlError, match="a checkpoint is a folder"):
        load_checkpoint(tmp_path / "file")


def test_a_foreign_folder_points_to_the_checkpoint_inside(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="is not a checkpoint of nasctl") as caught:
        load_checkpoint(tmp_path)
    assert str(folder) in caught.value.hint


@pytest.mark.parametrize("name", ["checkpoint.json", "arch.json"])
def test_json_that_is_cut_short(folder: Path, name: str) -> None:
    path = folder / name
    path.write_text(path.read_text()[:-9])
    with pytest.raises(NasctlError, match=rf"{name}:\d+:\d+: this is not JSON"):
        load_checkpoint(folder)


ENCODING = {"class_names": ["a", "b", "c"], "mean": [1.0], "deviation": [2.0]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"format": "two"}, "not a checkpoint of nasctl"),
        ({"format": True}, "not a checkpoint of nasctl"),
        ({"format": 0}, "not a checkpoint of nasctl"),
        ({"format": 99}, "newer nasctl"),
        ({"format": 1e400}, "not a checkpoint of nasctl"),
        ({"signature": None}, '"signature" is missing'),
        ({"signature": [4, 4, 1]}, '"signature" is not an object'),
        ({"signature": {"input_shape": 3, "outputs": 1}}, '"input_shape" is not a list of sizes, but 3'),
        ({"signature": {"input_shape": [], "outputs": 1}}, '"input_shape" is not a list of sizes'),
        ({"signature": {"input_shape": [1] * 99, "outputs": 1}}, '"input_shape" is not a list of sizes'),
        ({"signature": {"input_shape": [4, 4, 1.5], "outputs": 3}}, '"input_shape" is not a whole number'),
        ({"signature": {"input_shape": [4, 4, 1], "outputs": 1e400}}, '"outputs" is not a whole number'),
        ({"signature": {"input_shape": [4, 4, 1], "outputs": 10**99}}, '"outputs" is not a whole number'),
        ({"signature": {"input_shape": [4, 4, 1], "outputs": True}}, '"outputs" is not a whole number'),
        ({"metrics": {"a": "b"}}, '"a" is not a number, but b'),
        ({"metrics": {"a": {}}}, '"a" is not a number, but an object'),
        ({"metrics": [1]}, '"metrics" is not an object'),
        ({"training": {"epochs": "many"}}, r"checkpoint\.json: training\.epochs"),
        ({"training": {"epoch": 3}}, r"checkpoint\.json: training has no setting"),
        ({"training": 3}, '"training" is not an object'),
        ({"files": ["weights"]}, '"files" is not an object'),
        ({"files": {"../secret": "0"}}, "its file ../secret is missing"),
        ({"dataset": 3}, '"dataset" is not a string, but 3'),
        ({"dataset": ["blobs"]}, '"dataset" is not a string, but a list'),
        ({"digest": None}, '"digest" is missing'),
        ({"validation_seed": -1}, '"validation_seed" is not a whole number'),
        ({"validation_seed": "0"}, '"validation_seed" is not a whole number'),
        ({"validation_seed": 10**30}, '"validation_seed" is not a whole number'),
        ({"encoding": None}, '"encoding" is missing'),
        ({"encoding": {**ENCODING, "class_names": ["a", 2, "c"]}}, '"class_names" is not a list of strings'),
        ({"encoding": {**ENCODING, "class_names": "abc"}}, '"class_names" is not a list of strings'),
        ({"encoding": {**ENCODING, "class_names": ["a", "b"]}}, "does not fit 4×4×1 inputs and 3 classes"),
        ({"encoding": {**ENCODING, "mean": [1, 2]}}, "does not fit 4×4×1 inputs"),
        ({"encoding": {**ENCODING, "mean": [1e400]}}, '"mean" is not a list of finite numbers'),
        ({"encoding": {**ENCODING, "deviation": ["NaN"]}}, '"deviation" is not a list of finite numbers'),
        ({"encoding": {**ENCODING, "deviation": [10**400]}}, '"deviation" is not a list of finite numbers'),
        # what has the right type but another value
        ({"encoding": ENCODING}, "does not have the checksum that it states"),
        ({"validation_seed": 1}, "does not have the checksum that it states"),
        ({"digest": "0" * 64}, "does not have the checksum that it states"),
        ({"training": {"batch": 17}}, "does not have the checksum that it states"),
        ({"metrics": {"validation_accuracy": 1.0}}, "does not have the checksum that it states"),
        ({"checksum": None}, "does not have the checksum that it states"),
        ({"architecture": "0" * 64}, "is not the architecture that the weights were trained for"),
    ],
)
def test_json_that_says_something_else(folder: Path, change: dict[str, object], message: str) -> None:
    path = folder / "checkpoint.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(NasctlError, match=message) as caught:
        load_checkpoint(folder)
    assert str(folder) in caught.value.message


@pytest.mark.parametrize("name", ["checkpoint.json", "arch.json"])
@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"\xff\xfe", id="not UTF-8"),
        pytest.param(bytes(100), id="zeros"),
        pytest.param(b"[" * 100_000, id="nested"),
        pytest.param(b'{"format": ' + b"9" * 5000 + b"}", id="a number of 5,000 digits"),
        pytest.param(b"[1, 2]", id="a list"),
        pytest.param(b"null", id="null"),
    ],
)
def test_a_file_that_is_no_json_object_is_named(name: str, content: bytes, folder: Path) -> None:
    (folder / name).write_bytes(content)
    with pytest.raises(NasctlError, match=name):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["checkpoint.json", "arch.json", "weights.npz"])
def test_a_file_that_is_a_folder_or_a_pipe_is_named(name: str, folder: Path) -> None:
    for create in (Path.mkdir, os.mkfifo):
        path = folder / name
        if path.is_dir():
            path.rmdir()
        else:
            path.unlink()
        create(path)
        with pytest.raises(NasctlError, match=name):
            load_checkpoint(folder)


def test_every_key_is_needed(folder: Path) -> None:
    path = folder / "checkpoint.json"
    whole = json.loads(path.read_text())
    for key in whole:
        path.write_text(json.dumps({name: value for name, value in whole.items() if name != key}))
        with pytest.raises(NasctlError, match=r"checkpoint\.json|not a checkpoint|arch\.json"):
            load_checkpoint(folder)


@pytest.mark.parametrize("name", ["checkpoint.json", "arch.json"])
def test_a_flipped_bit_in_the_json_is_an_error_or_harmless(name: str, folder: Path) -> None:
    path = folder / name
    whole, expected = path.read_bytes(), load_checkpoint(folder)
    for at in range(0, len(whole), 5):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 7)]) + whole[at + 1 :])
        try:
            found = load_checkpoint(folder)
        except NasctlError:
            continue
        assert (found.encoding, found.digest, found.config) == (
            expected.encoding,
            expected.digest,
            expected.config,
        )
        assert (found.metrics, found.validation_seed) == (expected.metrics, expected.validation_seed)
        assert found.document == expected.document


def test_another_architecture_with_weights_of_the_same_shapes_is_refused(folder: Path) -> None:
    (folder / "arch.json").write_text(json.dumps({**DOCUMENT, "tokens": [2, 1]}))
    with pytest.raises(NasctlError, match="not the architecture that the weights were trained for"):
        load_checkpoint(folder)


@pytest.mark.parametrize("name", ["a\0b", "a" * 300, "loop", "file/checkpoint"])
def test_a_path_that_no_folder_can_have_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "file").write_text("")
    with pytest.raises(NasctlError):
        load_checkpoint(tmp_path / name)


def test_weights_that_are_missing(folder: Path) -> None:
    (folder / "weights.npz").unlink()
    with pytest.raises(NasctlError, match="its file weights.npz is missing"):
        load_checkpoint(folder)


@pytest.mark.parametrize("damage", ["cut short", "one bit"])
def test_damage_to_the_weights_is_noticed_without_noise(
    folder: Path, damage: str, capfd: pytest.CaptureFixture[str]
) -> None:
    path = folder / "weights.npz"
    content = path.read_bytes()
    path.write_bytes(content[:-1] if damage == "cut short" else bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(NasctlError, match="weights.npz has changed since it was saved"):
        load_checkpoint(folder)
    assert capfd.readouterr().err == ""


PATHS = [
    "a[b]c",
    "[",
    "*",
    "??",
    "{a,b}",
    "with space",
    "quo'te\"s",
    "100%20",
    "#a?b=c",
    "new\nline",
    "-o",
    "🦊",
    "~",
]


@pytest.mark.parametrize("name", [*PATHS, os.fsdecode(b"bytes\xff")])
def test_any_path_can_hold_a_checkpoint(
    name: str, child: TrainedChild, blobs: SupervisedTask, tmp_path: Path
) -> None:
    folder = tmp_path / name / name
    save_checkpoint(folder, child.weights, document=DOCUMENT, task=blobs, config=CONFIG)
    weights = load_checkpoint(folder).weights_for(TinyArchitecture(), blobs)
    for one, two in zip(jax.tree.leaves(weights), jax.tree.leaves(child.weights), strict=True):
        assert (one == two).all()


@pytest.mark.parametrize("architecture", [TinyArchitecture(width=13), LinearArchitecture()])
def test_weights_of_another_architecture(folder: Path, blobs: SupervisedTask, architecture: object) -> None:
    with pytest.raises(NasctlError, match=r"are not those of its arch\.json"):
        load_checkpoint(folder).weights_for(architecture, blobs)


def test_a_task_of_another_shape(folder: Path, blobs: SupervisedTask) -> None:
    train = blobs.splits["train"]
    larger = replace(train, inputs=np.zeros((len(train), 5, 5, 1), np.uint8))
    other = supervised_task(Dataset("large", "image", larger, larger, ("a", "b", "c")))
    with pytest.raises(NasctlError, match="takes 4×4×1 inputs and 3 classes; large has 5×5×1"):
        load_checkpoint(folder).weights_for(TinyArchitecture(), other)


@pytest.mark.slow
def test_a_new_process_measures_the_same_digits(tmp_path: Path) -> None:
    """A network of `spaces/cnn.nas`, trained on the digits, is evaluated in another process."""
    program = """
import sys
from pathlib import Path
import numpy as np
from nasctl.architecture import Architecture
from nasctl.config import TrainingConfig
from nasctl.dialects import load_space
from nasctl.space.sampling import sample_uniform
from nasctl.tasks import make_task
from nasctl.training import *
space = load_space("spaces/cnn.nas")
architecture = Architecture(space, sample_uniform(space, np.random.default_rng(5)))
task, folder = make_task("digits"), Path(sys.argv[1])
if not folder.exists():
    child = train_child(architecture, task, TrainingConfig(epochs=1), seed=0)
    save_checkpoint(folder, child.weights, document={}, task=task, config=TrainingConfig(epochs=1))
    print([child.measure_split(child.weights, split) for split in ("validation", "test")])
else:
    loaded = load_checkpoint(folder)
    weights = loaded.weights_for(architecture, task)
    print([evaluate(architecture, weights, task, loaded.config, split=split) for split in ("validation", "test")])
"""
    trained, evaluated = (
        subprocess.run(
            [sys.executable, "-c", program, str(tmp_path / "checkpoint")],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )
    assert trained == evaluated


UNSAVEABLE = {
    "a file": lambda path: path.write_text("mine"),
    "a pipe": os.mkfifo,
    "a folder with something else": lambda path: (path.mkdir(), (path / "thesis.tex").write_text("mine")),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "in a file": lambda path: (path.parent.rmdir(), path.parent.write_text("mine")),
}


@pytest.mark.parametrize("kind", UNSAVEABLE)
def test_what_cannot_be_saved_is_known_before_the_training(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "parent" / "checkpoint"
    path.parent.mkdir()
    UNSAVEABLE[kind](path)
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(NasctlError, match="is not a checkpoint|cannot be written"):
        check_saveable(path)
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize("name", ["n" * 250, "n" * 300, "a\0b", "/proc/checkpoint", "/dev/null/checkpoint"])
def test_a_path_that_cannot_hold_a_checkpoint_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="cannot be written"):
        check_saveable(tmp_path / name)


def test_a_new_a_replaced_and_an_empty_folder_can_be_saved_to(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path in (folder, tmp_path / "empty", tmp_path / "a" / "b" / "c"):
        check_saveable(path)
        assert path.parent.is_dir()
    assert load_checkpoint(folder).document == DOCUMENT
