"""The commands check, fmt, describe, sample and grammar."""

import json
import subprocess
import sys

import pytest

from nasctl.dialects import load_space, space_from_json
from nasctl.space import parse_tokens

GOOD = "space cnn\n\nlayers 2\n\nlayer { conv { size in {1, 3}  filters in {8, 16} }  skip anchors }\n"
BAD = "space cnn\nlayres 2\nlayer { conv { size 3  fliters 8 } }\noutput clasifier\n"


def nasctl(*arguments: str, text: str = "") -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from nasctl.cli.main import run; run()", *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, encoding="utf-8")


@pytest.fixture
def good(tmp_path):
    path = tmp_path / "good.nas"
    path.write_text(GOOD, encoding="utf-8")
    return str(path)


@pytest.fixture
def bad(tmp_path):
    path = tmp_path / "bad.nas"
    path.write_text(BAD, encoding="utf-8")
    return str(path)


def test_check_of_a_good_file(good, in_process):
    result = in_process("check", good, "spaces/rnn.nas")
    assert result.returncode == 0
    assert result.stdout.splitlines() == [
        f"{good}: no errors; 5 decisions",
        "spaces/rnn.nas: no errors; 34 decisions",
    ]


def test_check_of_a_bad_file(bad, in_process):
    result = in_process("check", bad)
    assert result.returncode == 2
    assert result.stdout == f"{bad}: 3 errors\n"
    assert [f"{bad}:{location}: error:" in result.stderr for location in ("2:1", "3:24", "4:8")] == [True] * 3


def test_check_as_json(good, bad, in_process):
    result = in_process("check", "--json", good, bad, "missing.nas")
    assert result.returncode == 2
    first, second, third = map(json.loads, result.stdout.splitlines())
    assert (first["ok"], first["dialect"], first["decisions"]) == (True, "cnn", 5)
    assert [(error["line"], error["column"], error["end_column"]) for error in second["errors"]] == [
        (2, 1, 7),
        (3, 24, 31),
        (4, 8, 17),
    ]
    assert second["errors"][1]["hint"] == "did you mean `filters`?"
    assert third["errors"][0]["message"] == "the file missing.nas does not exist"


def test_warnings_do_not_fail(tmp_path, in_process):
    path = tmp_path / "warned.nas"
    path.write_text("space choices\nlet a = 1\nb in {1}\n", encoding="utf-8")
    result = in_process("check", str(path))
    assert result.returncode == 0
    assert result.stdout == f"{path}: 2 warnings; 1 decision\n"
    assert "warning: nothing uses `a`" in result.stderr


def test_fmt(tmp_path, in_process):
    path = tmp_path / "mine.nas"
    path.write_text("space choices\na in {1,2} # c\n", encoding="utf-8")
    assert in_process("fmt", "--check", str(path)).returncode == 1
    assert in_process("fmt", str(path)).returncode == 0
    assert path.read_text(encoding="utf-8") == "space choices\na in {1, 2}  # c\n"
    assert in_process("fmt", "--check", str(path)).returncode == 0


def test_fmt_of_standard_input_and_of_a_bad_file(bad, in_process):
    assert nasctl("fmt", "-", text="space choices a in {1,2}").stdout == "space choices\na in {1, 2}\n"
    assert in_process("fmt", bad).returncode == 2
    assert in_process("fmt", "missing.nas").returncode == 2


def test_describe(good, in_process):
    result = in_process("describe", good)
    assert "32 architectures, 5 decisions" in result.stdout
    assert "layer*.filters" in result.stdout
    assert "parameters" in result.stdout


def test_describe_as_json_is_lossless(good, in_process):
    document = json.loads(in_process("describe", "--json", good).stdout)
    space = load_space(good)
    assert int(document["size"]) == space.size
    assert space_from_json(document["space"]).hash == document["hash"] == space.hash


def test_sample(good, in_process):
    lines = in_process("sample", good, "-n", "3", "--seed", "1").stdout.splitlines()
    assert lines == in_process("sample", good, "-n", "3", "--seed", "1").stdout.splitlines()
    documents = [
        json.loads(line)
        for line in in_process("sample", good, "-n", "3", "--seed", "1", "--json").stdout.splitlines()
    ]
    space = load_space(good)
    for line, document in zip(lines, documents, strict=True):
        assert document["text"] == line
        assert parse_tokens(space, line) == tuple(document["tokens"])


def test_grammar(in_process):
    assert "layer:      " in in_process("grammar", "cnn").stdout
    assert "choice_set:" in in_process("grammar", "rnn").stdout
    assert [line.split()[0] for line in in_process("grammar").stdout.splitlines()][:4] == [
        "cell",
        "choices",
        "cnn",
        "rnn",
    ]
    assert in_process("grammar", "cmn").returncode == 2


def test_commands_of_the_language_import_neither_jax_nor_flax(good):
    code = f"""
import sys
from nasctl.cli.main import app
for command in ["check"], ["fmt", "--check"], ["describe", "--json"]:
    try:
        app([*command, {good!r}])
    except SystemExit as done:
        assert not done.code, done.code
    assert not {{"jax", "flax", "optax", "tensorflow_datasets"}} & set(sys.modules), command
"""
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def test_fmt_keeps_the_file_if_it_cannot_write_all_of_it(tmp_path, in_process):
    """A limit on the size of files stands for a full disk."""
    path = tmp_path / "my.nas"
    text = "space choices\n" + "".join(f"a{number}   in {{1,2}}\n" for number in range(300))
    path.write_text(text)
    link = tmp_path / "link.nas"
    link.symlink_to(path)
    path.chmod(0o640)
    for name in (path, link):
        limited = f"ulimit -f 1; exec {sys.executable} -m nasctl fmt {name}"
        full = subprocess.run(["bash", "-c", limited], capture_output=True, text=True, check=False)
        assert full.returncode == 1
        assert "the disk is full" in full.stderr
        assert path.read_text() == text
    assert in_process("fmt", link).returncode == 0
    assert path.read_text() != text
    assert link.is_symlink()
    assert path.stat().st_mode & 0o777 == 0o640
    assert sorted(file.name for file in tmp_path.iterdir()) == ["link.nas", "my.nas"]
