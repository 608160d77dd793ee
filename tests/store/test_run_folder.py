"""The folder of a run: creation, lock and replacement of the best network."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import pytest

from nasctl.config import EARLIER_DATA, Config
from nasctl.errors import NasctlError, WorkFailed
from nasctl.settings import resolve
from nasctl.space import Decision, Space
from nasctl.store import RunFolder, Trial, claim_next_run, list_runs


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
    with pytest.raises(NasctlError, match=r"run\.json:1:\d+: this is not JSON"):
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
    assert {path.name for path in run.path.iterdir()} == {"run.json", "space.nas", "lock", "best"}


def test_an_interrupted_replacement_is_undone_by_the_next_search_only(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    run.replace_best(write_best("first"))  # type: ignore[arg-type]
    run.best.rename(run.path / "best.old")
    again = RunFolder.open(run.path)
    assert not again.best.exists()
    again.lock()
    assert (again.best / "arch.json").read_text() == "first"
    assert not (run.path / "best.old").exists()


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
    "name",
    [
        *("run.json", "space.nas", "trials.sqlite", "trials.sqlite-wal", "trials.sqlite-shm", "lock"),
        *("logs", "logs/worker-0.log", "controller", "controller/5.npz", "controller/5/array"),
        *("best", "best/arch.json", "best/checkpoint/weights.npz", "best.new", "best.old"),
    ],
)
def test_a_run_with_links_is_not_resumed(tmp_path: Path, name: str) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    target = tmp_path / "elsewhere"
    target.write_text("precious")
    link = run.path / name
    link.unlink(missing_ok=True)
    link.parent.mkdir(exist_ok=True, parents=True)
    link.symlink_to(target)
    before = sorted(run.path.rglob("*"))
    with pytest.raises(NasctlError, match=f"{name} is a symbolic link"):
        RunFolder.open(run.path).lock()
    assert target.read_text() == "precious"
    assert sorted(run.path.rglob("*")) == before


@pytest.mark.parametrize("name", ["lock", "trials.sqlite", "trials.sqlite-wal", "logs/worker-0.log", "best"])
def test_a_run_with_pipes_is_not_resumed(tmp_path: Path, name: str) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    pipe = run.path / name
    pipe.unlink(missing_ok=True)
    pipe.parent.mkdir(exist_ok=True)
    os.mkfifo(pipe)
    assert not RunFolder.open(run.path).is_locked()
    with pytest.raises(NasctlError, match=f"{name} is neither a file nor a folder"):
        RunFolder.open(run.path).lock()


def test_a_folder_beside_the_run_may_be_a_link(tmp_path: Path) -> None:
    """A search writes nothing in other folders, such as that of `nasctl train`."""
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    (run.path / "trained").mkdir()
    (run.path / "trained" / "weights.npz").symlink_to(tmp_path / "elsewhere")
    run.lock()


def test_searches_that_start_in_one_folder_do_not_mix(tmp_path: Path) -> None:
    def create(seed: int) -> str:
        try:
            RunFolder.create(path, SPACE, Config(), seed=seed)
        except NasctlError as error:
            return error.message
        return f"seed {seed}"

    for attempt in range(10):
        path = tmp_path / str(attempt)
        with ThreadPoolExecutor(8) as pool:
            ends = list(pool.map(create, range(8)))
        created = [end for end in ends if end.startswith("seed")]
        assert created == [f"seed {RunFolder.open(path).metadata()['seed']}"]
        assert all(
            "already holds a run" in end or "another search" in end for end in ends if end not in created
        )


def test_a_folder_that_a_killed_start_left_is_used(tmp_path: Path) -> None:
    path = tmp_path / "run"
    RunFolder.create(path, SPACE, Config(), seed=1)
    (path / "run.json").rename(path / ".nasctl-0123.tmp")
    assert RunFolder.create(path, SPACE, Config(), seed=2).metadata()["seed"] == 2


@pytest.mark.parametrize(
    "names", [["space.nas"], ["lock", "notes"], ["lock", "space.nas", "thesis.tex"], ["best"]]
)
def test_files_that_no_start_left_are_kept(names: list[str], tmp_path: Path) -> None:
    for name in names:
        (tmp_path / name).write_text("mine")
    with pytest.raises(NasctlError, match="is not an empty folder"):
        RunFolder.create(tmp_path, SPACE, Config())
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == dict.fromkeys(names, "mine")


OUTS = {
    "a file": lambda path: path.write_text(""),
    "a pipe": os.mkfifo,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "in a file": lambda path: (path.parent.rmdir(), path.parent.write_text("")),
}


@pytest.mark.parametrize("kind", OUTS)
def test_a_run_is_created_in_a_folder_only(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "parent" / "run"
    path.parent.mkdir()
    OUTS[kind](path)
    with pytest.raises(NasctlError, match="is not an empty folder|cannot be written"):
        RunFolder.create(path, SPACE, Config())


@pytest.mark.parametrize(
    "name", ["n" * 300, "/".join(["n" * 100] * 60), "/".join(["n" * 115] * 4), "a\0b", "/proc/run", "/"]
)
def test_a_folder_that_cannot_be_created_is_an_error(name: str, tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="cannot be written|is not an empty folder"):
        RunFolder.create(tmp_path / name, SPACE, Config())
    with pytest.raises(NasctlError):
        RunFolder.open(tmp_path / name)


NAMES = [
    "[toy]",
    "toy[1]",
    "t*y",
    "t?y",
    "{a,b}",
    "two words",
    "quo'te\"",
    "100%",
    "#1",
    "-o",
    "🦊",
    "new\nline",
]


@pytest.mark.parametrize("name", [*NAMES, os.fsdecode(b"\xff"), "n" * 150])
def test_any_name_of_a_space_and_any_folder_can_be_those_of_a_run(name: str, tmp_path: Path) -> None:
    parent = tmp_path / name
    for path in (claim_next_run(parent, name), claim_next_run(parent, name)):
        run = RunFolder.create(path, replace(SPACE, name=name), Config())
        run.lock()
        with closing(run.trials()):
            run.unlock()
    assert [path.name for path in list_runs(parent, name)] == [name, f"{name}-2"]
    assert list_runs(parent, name[:-1]) == list_runs(tmp_path / "nowhere", name) == []


def test_runs_that_cannot_be_claimed_end(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to("nowhere")
    for parent in (tmp_path / "file", tmp_path / "dangling", tmp_path / ("n" * 300), tmp_path / "a\0b"):
        with pytest.raises(NasctlError, match="cannot be written"):
            RunFolder.create(claim_next_run(parent, "toy"), SPACE, Config())


def test_a_search_is_not_taken_for_running_because_a_reader_asks(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    with (run.path / "lock").open() as reader:
        fcntl.flock(reader, fcntl.LOCK_SH)
        release = threading.Timer(0.05, lambda: fcntl.flock(reader, fcntl.LOCK_UN))
        release.start()
        run.lock()
        release.join()
    assert RunFolder.open(run.path).is_locked()


def test_trials_that_are_missing_are_not_begun_again(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    with closing(run.trials()) as store:
        store.record(Trial(0, (0,), "complete", 1.0))
    run.replace_best(write_best("first"))  # type: ignore[arg-type]
    (run.path / "trials.sqlite").unlink()
    with pytest.raises(NasctlError, match=r"trials\.sqlite is missing, although the run has trials"):
        run.trials()
    (run.path / "trials.sqlite").touch()
    with pytest.raises(NasctlError, match="is empty, although"):
        run.trials()


DOCUMENTS: list[tuple[object, str]] = [
    ([], "not a JSON object"),
    (None, "not a JSON object"),
    ({"version": 99}, "format version"),
    ({"version": [1]}, "format version"),
    *[
        ({missing: ...}, f'"{missing}" is missing')
        for missing in ("space", "space_hash", "seed", "config", "dataset")
    ],
    *[({"seed": wrong}, '"seed" is not') for wrong in ("1", -1, 1.5, None, True, [])],
    *[({"config": wrong}, '"config" is not') for wrong in (None, [], {"search": 3}, "x")],
    *[({"space": wrong}, '"space" is not') for wrong in (None, 3, [])],
    *[({"dataset": wrong}, '"dataset" is not') for wrong in (3, [], {})],
    *[({"examples": wrong}, '"examples" is not') for wrong in ("3", [3], {"train": -1}, {"train": "3"})],
    *[({"init": wrong}, '"init" is not') for wrong in (None, 3, [3], [["a"]], [[True]])],
    ({"config": {"search": {"trials": "many"}}}, "search.trials"),
]


@pytest.mark.parametrize(("change", "message"), DOCUMENTS, ids=[str(change) for change, _ in DOCUMENTS])
def test_a_damaged_document_is_named(change: object, message: str, tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    file = run.path / "run.json"
    if isinstance(change, dict):
        entries = {**json.loads(file.read_text()), **change}
        change = {name: value for name, value in entries.items() if value is not ...}
    file.write_text(json.dumps(change))
    with pytest.raises(NasctlError, match=message) as error:
        run.config()
    assert str(file) in error.value.message


def test_a_document_is_written_for_people_and_read_back(tmp_path: Path) -> None:
    entries = {"examples": {"train": 20, "test": 0}, "init": [[0], [1]], "trains": True}
    run = RunFolder.create(tmp_path / "run", SPACE, Config(), **entries)
    assert {name: run.metadata()[name] for name in entries} == entries
    assert '\n  "seed": 0,\n' in (run.path / "run.json").read_text()


def test_a_run_without_settings_of_the_data_read_it_as_its_version_did(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    document = json.loads((run.path / "run.json").read_text())
    del document["config"]["data"]
    (run.path / "run.json").write_text(json.dumps(document))
    assert run.metadata()["config"]["data"] == asdict(EARLIER_DATA)


def test_entries_of_other_versions_are_kept(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config(), later={"a": 1})
    run.write_config(Config())
    assert run.metadata()["later"] == {"a": 1}
    document = json.loads((run.path / "run.json").read_text())
    del document["later"]
    document.pop("init", None)
    (run.path / "run.json").write_text(json.dumps(document))
    assert run.metadata()["init"] == []


def test_the_folder_of_a_run_may_be_reached_through_a_link(tmp_path: Path) -> None:
    RunFolder.create(tmp_path / "disk", SPACE, Config())
    (tmp_path / "run").symlink_to(tmp_path / "disk")
    run = RunFolder.open(tmp_path / "run")
    run.lock()
    run.unlock()


@pytest.mark.parametrize("name", ["best", "controller", "logs"])
def test_a_run_with_a_file_in_place_of_a_folder_is_not_resumed(tmp_path: Path, name: str) -> None:
    run = RunFolder.create(tmp_path / "run", SPACE, Config())
    (run.path / name).write_text("")
    with pytest.raises(NasctlError, match=f"{name} is a file, not a folder"):
        RunFolder.open(run.path).lock()
