"""The folder of a run: creation, lock and replacement of the best network."""

from __future__ import annotations

import errno
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import pytest

from nasctl.config import Config, resolve
from nasctl.errors import NasctlError, WorkFailed
from nasctl.space import Decision, Space
from nasctl.store import RunFolder, claim_next_run, list_runs


@dataclass(frozen=True)
class NoNetwork:
    def graph(self, values: object) -> object:
        raise NasctlError("no network")

    def to_json(self) -> dict[str, object]:
        return {}


SPACE = Space(
    "toy", "choices", (Decision("a", "a", (1, 2)),), NoNetwork(), source="space choices\na in {1, 2}\n"
)  # type: ignore[arg-type]


def test_a_run_keeps_its_space_and_settings(tmp_path: Path) -> None:
    config = resolve({"training": {"epochs": 3}})
    RunFolder.create(tmp_path / "run", SPACE, config, seed=4)
    run = RunFolder.open(tmp_path / "run")
    assert run.space_text() == SPACE.source
    assert run.config() == config
    assert run.metadata()["seed"] == 4


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(NasctlError, match="not an empty folder"):
        RunFolder.create(tmp_path, SPACE, Config())
    RunFolder.create(tmp_path / "run", SPACE, Config())
    with pytest.raises(NasctlError, match="already holds a run") as error:
        RunFolder.create(tmp_path / "run", SPACE, Config())
    assert "--resume" in error.value.hint


def test_a_folder_without_a_run_is_not_opened(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="is not the folder of a run"):
        RunFolder.open(tmp_path)
    with pytest.raises(NasctlError, match="does not exist"):
        RunFolder.open(tmp_path / "nowhere")
    (tmp_path / "run.json").write_text('{"version": 1, "conf')
    with pytest.raises(NasctlError, match="cannot be read"):
        RunFolder.open(tmp_path).metadata()


def test_two_searches_cannot_share_a_folder(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    run.lock()
    code = (
        "from pathlib import Path; from nasctl.store import RunFolder; from nasctl.errors import NasctlError\n"
        f"try: RunFolder.open(Path({str(run.path)!r})).lock()\n"
        "except NasctlError as error: print(error.message)\n"
        "else: print('locked')"
    )

    def try_from_another_process() -> str:
        return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout

    assert "another search is running" in try_from_another_process()
    run.unlock()
    assert try_from_another_process().strip() == "locked"


def write_best(text: str) -> object:
    return lambda folder: (folder / "arch.json").write_text(text)


def test_the_best_network_is_replaced_atomically(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    run.replace_best(write_best("first"))  # type: ignore[arg-type]
    assert (run.best / "arch.json").read_text() == "first"

    def fails(folder: Path) -> None:
        (folder / "arch.json").write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(WorkFailed, match="the disk is full"):
        run.replace_best(fails)
    assert (run.best / "arch.json").read_text() == "first"
    run.replace_best(write_best("second"))  # type: ignore[arg-type]
    assert (run.best / "arch.json").read_text() == "second"
    assert {path.name for path in run.path.iterdir()} == {"run.json", "space.nas", "best"}


def test_an_interrupted_replacement_is_undone(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    run.replace_best(write_best("first"))  # type: ignore[arg-type]
    run.best.rename(run.path / "best.old")
    assert (RunFolder.open(run.path).best / "arch.json").read_text() == "first"


def test_runs_of_a_space_are_numbered(tmp_path: Path) -> None:
    for name in ("toy", "toy-2", "toy-10", "toy_other", "toy-strides"):
        RunFolder.create(tmp_path / name, SPACE, Config())
    assert claim_next_run(tmp_path, "toy") == tmp_path / "toy-11"
    assert [path.name for path in list_runs(tmp_path, "toy")] == ["toy", "toy-2", "toy-10"]


def test_runs_that_start_at_the_same_time_have_folders_of_their_own(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        claimed = list(pool.map(lambda _: claim_next_run(tmp_path / "runs", "toy"), range(40)))
    assert len(set(claimed)) == 40
    assert claim_next_run(tmp_path / "runs", "other") == tmp_path / "runs" / "other"
    assert RunFolder.create(claimed[0], SPACE, Config()).path == claimed[0]


@pytest.mark.parametrize(
    "name", ["run.tmp", "trials.sqlite", "lock", "logs", "logs/worker-0.log", "controllers"]
)
def test_a_run_with_links_is_not_resumed(tmp_path: Path, name: str) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    target = tmp_path / "elsewhere"
    target.write_text("precious")
    link = run.path / name
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(target)
    with pytest.raises(NasctlError, match=f"{name} is a symbolic link"):
        RunFolder.open(run.path).lock()
    assert target.read_text() == "precious"


def test_the_folder_of_a_run_may_be_reached_through_a_link(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "disk", SPACE, Config())
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    run = RunFolder.open(tmp_path / "run")
    run.lock()
    run.unlock()
