"""A damaged state of the controller is replaced by the one before it, and the search has the same trials."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import nasctl
from nasctl.dialects import parse_space
from nasctl.files.arrays import read_arrays, write_arrays
from nasctl.store.controller_checkpoint import checkpoints, load_controller, save_controller

SPACE = parse_space(
    "space choices\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\nc in {0, 1, 2, 3}\nd in {0, 1, 2, 3}\n", name="toy"
)
KINDS = ["local", "evolution", "reinforce"]


def score(architecture: nasctl.Architecture) -> float:
    return sum((3 * token + place) % 5 for place, token in enumerate(architecture.tokens)) / 10


def trials(run: nasctl.Run) -> list[tuple[object, ...]]:
    return [(trial.number, trial.tokens, trial.reward) for trial in run.trials]


@pytest.fixture(scope="module", params=KINDS)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two states of its controller."""
    folder = tmp_path_factory.mktemp(request.param) / "run"
    settings = {"controller": {"kind": request.param, "hidden": 4, "batch": 2}, "search": {"ahead": 0}}
    nasctl.search(SPACE, score, out=folder, trials=8, settings=settings)
    nasctl.resume(folder, score, budget={"trials": 14})
    assert len(checkpoints(folder / "controller")) == 2
    return folder


@pytest.fixture(scope="module")
def undamaged(run: Path, tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    copy = tmp_path_factory.mktemp("undamaged") / "run"
    shutil.copytree(run, copy)
    return trials(nasctl.resume(copy, score, budget={"trials": 20}))


def newest(folder: Path) -> Path:
    return folder / f"{checkpoints(folder)[-1]}.npz"


def flip(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 4
    file.write_bytes(content)


def to_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


def of_another_space(file: Path) -> None:
    state = load_controller(file.parent, int(file.stem))
    save_controller(file.parent, int(file.stem), {name: np.zeros((3, 3, 3)) for name in state})


def of_another_version(file: Path) -> None:
    write_arrays(file, {**read_arrays(file), "nasctl.format": np.asarray(99)})


def renamed(file: Path) -> None:
    file.rename(file.with_name(f"{int(file.stem) + 2}.npz"))


def older_as_newest(file: Path) -> None:
    shutil.copy(file.with_name(f"{checkpoints(file.parent)[0]}.npz"), file)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "missing": Path.unlink,
    "empty": lambda file: file.write_bytes(b""),
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-20]),
    "one bit": flip,
    "not an archive": lambda file: file.write_bytes(b"garbage" * 100),
    "a folder": to_folder,
    "an empty folder of an earlier version": lambda file: (file.unlink(), file.with_suffix("").mkdir()),
    "of another space": of_another_space,
    "of another version": of_another_version,
    "renamed": renamed,
    "the older one under its name": older_as_newest,
    "ahead of the trials": lambda file: save_controller(file.parent, 999, {}),
    "with a foreign file": lambda file: (file.parent / "notes.txt").write_text("mine"),
    "all truncated": lambda file: [path.write_bytes(b"PK") for path in file.parent.iterdir()],
    "all missing": lambda file: shutil.rmtree(file.parent),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_search_goes_on_as_if_its_controller_were_undamaged(
    damage: str, run: Path, undamaged: list[tuple[object, ...]], tmp_path: Path
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    DAMAGES[damage](newest(copy / "controller"))
    assert trials(nasctl.resume(copy, score, budget={"trials": 20})) == undamaged


def test_a_state_that_is_not_used_is_reported(
    run: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    copy = tmp_path / "run"
    shutil.copytree(run, copy)
    flip(newest(copy / "controller"))
    nasctl.resume(copy, score, budget={"trials": 16})
    assert "the controller's state after" in caplog.text
    assert "is damaged" in caplog.text
