"""Commands work under any path: a search, its resumption, and all that reads its run."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

import nasctl
from nasctl.cli.main import app
from nasctl.dsl.files import find_space
from nasctl.errors import NasctlError
from nasctl.store.controller_checkpoint import checkpoints, load_controller

MODULE = "scores_of_paths"
QUICK = ["a[b]c", "two words", "new\nline", os.fsdecode(b"bytes\xff")]
NAMES = [
    *("[", "*", "?", "{a,b}", "quo'te\"s", "100%20", "a#b?c=d&e", "-o", "~", "🦊", "back\\slash", "$HOME"),
    *("file:x?mode=ro", "trailing "),
]
CASES = [
    *(pytest.param(name, id=ascii(name)) for name in QUICK),
    *(pytest.param(name, id=ascii(name), marks=pytest.mark.slow) for name in NAMES),
]


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    (tmp_path / f"{MODULE}.py").write_text(
        "def score(architecture):\n    return float(sum(architecture.tokens))\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    yield
    sys.modules.pop(MODULE, None)


def run(*arguments: str | Path) -> str:
    """The output of a command that works."""
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout


def refuse(*arguments: str) -> None:
    """Runs a command that must end with the exit code 2."""
    error = CliRunner().invoke(app, arguments).exception
    code = error.exit_code if isinstance(error, NasctlError) else getattr(error, "code", error)
    assert code == 2


@pytest.mark.parametrize("name", CASES)
def test_a_search_works_under_any_path(
    name: str, module: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    current = tmp_path / name / name
    current.mkdir(parents=True)
    monkeypatch.chdir(current)
    space = f"./{name} space.nas"
    shutil.copy(find_space("spaces/choices.nas"), space)
    search = [
        *("search", space, "--evaluator", f"{MODULE}:score", "--controller", "local", "--trials", "3"),
        *("--set", "search.executor=inline", "--set", "search.ahead=0", "--json"),
    ]
    run("check", space)
    run("fmt", space)
    run(*search)
    (folder,) = Path("runs").iterdir()
    assert folder.name == Path(space).stem
    for place in (folder, folder.absolute()):
        assert [json.loads(line)["number"] for line in run("trials", place, "--json").splitlines()] == [
            0,
            1,
            2,
        ]
        assert json.loads(run("status", place, "--json"))["trials"] == 3
    (seen,) = checkpoints(folder / "controller")
    assert len(load_controller(folder / "controller", seen)) > 1
    run("search", space, "--resume", "--evaluator", f"{MODULE}:score", "--trials", "5")
    assert json.loads(run("status", folder, "--json"))["trials"] == 5
    run("compare", folder)
    drawing = Path(f"{name}.svg")
    shutil.copy(find_space("spaces/tiny.nas"), "./tiny.nas")
    tokens = json.loads(run("sample", "tiny.nas", "-n", "1", "--json").splitlines()[0])["tokens"]
    nasctl.load_space("tiny.nas").decode(tokens).save(f"{name}.json")
    run("render", f"--output={drawing}", "--", f"{name}.json")
    assert drawing.stat().st_size


def test_a_deleted_current_folder_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    for arguments in (
        ["check", "space.nas"],
        ["search", "spaces/choices.nas", "--evaluator", "a:b"],
        ["search", "spaces/choices.nas", "--evaluator", "a:b", "--out", "run"],
        ["status", "runs/cnn"],
        ["train", "arch.json"],
        ["eval", "--checkpoint", "here"],
    ):
        refuse(*arguments)


@pytest.mark.parametrize(
    "path", ["n" * 300, "/".join(["n" * 100] * 60), "a\0b", "/dev/zero", "/", "/etc/passwd/x"]
)
@pytest.mark.parametrize(
    "arguments",
    [
        ["check", "PATH"],
        ["fmt", "PATH"],
        ["describe", "PATH"],
        ["sample", "PATH"],
        ["search", "PATH", "--evaluator", "a:b"],
        ["search", "spaces/choices.nas", "--evaluator", "a:b", "--out", "PATH"],
        ["search", "spaces/choices.nas", "--evaluator", "a:b", "--init", "PATH"],
        ["search", "spaces/choices.nas", "--resume", "--out", "PATH"],
        ["status", "PATH"],
        ["trials", "PATH"],
        ["render", "PATH"],
        ["compare", "PATH", "PATH"],
        ["train", "PATH"],
        ["eval", "--checkpoint", "PATH"],
    ],
    ids=lambda arguments: " ".join(arguments),
)
def test_a_path_that_cannot_be_is_an_error(arguments: list[str], path: str) -> None:
    refuse(*[path if argument == "PATH" else argument for argument in arguments])
