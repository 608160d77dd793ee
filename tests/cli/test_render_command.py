"""`nasctl render` for files, folders and token strings, into every file format."""

import json

import pytest
from typer.testing import CliRunner

from nasctl.arch_json import TaskInfo
from nasctl.cli.main import app
from nasctl.dialects import load_space
from nasctl.errors import NasctlError
from nasctl.graph import Signature

DIGITS = TaskInfo("digits", Signature((8, 8, 1), 10))


def architecture():
    space = load_space("spaces/cnn.nas")
    tokens = [0] * len(space.decisions)
    return space.decode([0 if decision.active(tokens) else -1 for decision in space.decisions])


@pytest.fixture
def arch(tmp_path):
    path = tmp_path / "arch.json"
    architecture().save(path, task=DIGITS, results={"test_accuracy": 0.9861, "reward": 0.9})
    return path


def run(*arguments) -> str:
    result = CliRunner().invoke(app, ["render", *map(str, arguments)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_in_the_terminal(arch):
    drawing = run(arch)
    assert "test accuracy 98.61 % · " in drawing
    assert "8×8×24 │ conv 1×1, 24 · batch norm · relu" in drawing
    assert "dense 10" in drawing


def test_an_architecture_of_a_run(arch, tmp_path):
    best = tmp_path / "run" / "best"
    best.mkdir(parents=True)
    arch.rename(best / "arch.json")
    assert "conv 1×1, 24" in run(tmp_path / "run")


@pytest.mark.parametrize(
    ("suffix", "beginning"),
    [
        (".svg", b"<svg "),
        (".png", b"\x89PNG"),
        (".html", b"<!doctype html>"),
        (".dot", b"digraph "),
        (".txt", b"cnn\n"),
        (".PNG", b"\x89PNG"),
    ],
)
def test_into_a_file(arch, tmp_path, suffix, beginning):
    file = tmp_path / f"drawing{suffix}"
    run(arch, "-o", file)
    assert file.read_bytes().startswith(beginning)


def test_the_html_page_has_decisions_costs_and_results(arch, tmp_path):
    run(arch, "-o", tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    for text in ("layer1.filters", "params", "test_accuracy", "0.9861"):
        assert text in page


def test_as_json(arch):
    document = json.loads(run(arch, "--json"))
    assert document["nodes"][0]["shape"] == [8, 8, 1]
    assert document["outputs"] == ["output"]


def test_an_architecture_of_a_token_string(arch):
    tokens = " ".join(map(str, architecture().tokens))
    unbound = run("spaces/cnn.nas", "--tokens", tokens)
    assert "conv 1×1, 24" in unbound and "8×8" not in unbound
    assert "32×32×24" in run("spaces/cnn.nas", "--tokens", tokens, "--dataset", "cifar10")
    assert "32×32×24" in run(arch, "--dataset", "cifar10")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ARCH", "-o", "x.gif"], "must end in .svg, .png, .html, .dot or .txt"),
        (["ARCH", "-o", "."], "cannot draw into .: its name must end in .svg"),
        (["ARCH", "-o", "/"], "cannot draw into /: its name must end in .svg"),
        (["ARCH", "-o", "nowhere/x.svg"], "cannot be written"),
        (["ARCH", "--dataset", "nothing"], "nothing"),
        (["absent.json"], "absent.json"),
        (["spaces/cnn.nas"], "is a search space"),
        (["spaces/cnn.nas", "--tokens", "1 b"], "these are not tokens"),
        (["spaces/cnn.nas", "--tokens", "1 2"], "tokens"),
    ],
)
def test_errors(arch, monkeypatch, tmp_path, arguments, message):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NasctlError, match=message):
        run(*[arch if argument == "ARCH" else argument for argument in arguments])
