"""Commands show text that users, files and evaluators bring exactly, and it has no other effect."""

from __future__ import annotations

import json
import logging
import os
import re
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

from nasctl.foreign_text import visible

SPACE = "space choices\n\na in {0, 1, 2, 3}\nb in {0, 1, 2, 3}\n"

TEXTS = [
    pytest.param("[/b]", "[/b]", id="closing tag"),
    pytest.param("[bold red]x", "[bold red]x", id="opening tag"),
    pytest.param("no table in [/data/nas]", "no table in [/data/nas]", id="path in brackets"),
    pytest.param("[link=file:/etc]x[/link]", "[link=file:/etc]x[/link]", id="link"),
    pytest.param(r"\[b]\\[/b]\ ", r"\[b]\\[/b]\ ", id="escaped tag"),
    pytest.param(":smile: [@click=f]", ":smile: [@click=f]", id="emoji code"),
    pytest.param("\x1b[31mred\x1b[0m", r"\x1b[31mred\x1b[0m", id="terminal escape"),
    pytest.param("\x1b]0;title\x07", r"\x1b]0;title\x07", id="title of the window"),
    pytest.param("\x9b2J", r"\x9b2J", id="escape of one byte"),
    pytest.param("a\rb\x08", r"a\rb\x08", id="carriage return and backspace"),
    pytest.param("a\u202eb\u2066", r"a\u202eb\u2066", id="change of direction"),
    pytest.param("not utf-8 \udcff", r"not utf-8 \udcff", id="lone surrogate"),
    pytest.param("漢字 👩\u200d🔬 שלום é", "漢字 👩\u200d🔬 שלום é", id="other scripts"),
    pytest.param("%s {0} $HOME `ls`", "%s {0} $HOME `ls`", id="placeholders"),
]
"""Texts of one line, and how they are shown."""
HARDEST = [
    case for case in TEXTS if case.id in ("closing tag", "escaped tag", "terminal escape", "lone surrogate")
]
EACH = [
    case
    if case in HARDEST
    else pytest.param(*case.values, id=case.id, marks=() if case.id == "other scripts" else pytest.mark.slow)
    for case in TEXTS
]
"""All texts; the hardest ones are quick."""


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def documents(self) -> list[Any]:
        """The JSON documents that it printed, one a line."""
        return [json.loads(line, parse_constant=refuse) for line in self.out.splitlines()]


def refuse(word: str) -> None:
    raise AssertionError(f"{word} is no JSON")


Run = Callable[..., Done]


@pytest.fixture
def nasctl(tmp_path: Path, in_process: Callable[..., CompletedProcess[str]]) -> Run:
    (tmp_path / "toy.nas").write_text(SPACE)

    def run(*arguments: str) -> Done:
        done = in_process(*arguments)
        for text in (done.stdout, done.stderr):
            assert re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", text) is None
            shown = re.sub(r'"traceback": "(\\.|[^"\\])*"', "", text)  # without those of trials in JSON
            assert "Traceback" not in shown and "this is a bug" not in shown
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def evaluator(body: str, name: str = "own") -> None:
    """Writes a module with a function `score`, whose body is given."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    Path(f"{name}.py").write_text(f"# coding: utf-8\ndef score(architecture):\n{lines}", encoding="utf-8")


RESUME = ("search", "toy.nas", "--resume", "--executor", "inline", "--out", "run")
SEARCH = ("search", "toy.nas", "--evaluator", "own:score", "--executor", "inline", "--controller", "random")
FEW = (*SEARCH, "--trials", "3", "--out", "run")


@pytest.mark.parametrize(("text", "shown"), EACH)
def test_the_error_of_an_evaluator_is_shown_by_search_trials_and_status(
    text: str, shown: str, nasctl: Run
) -> None:
    evaluator(f"raise FileNotFoundError({text!r})")
    text, shown = text.split("\r")[0].strip(), shown.split("\\r")[0].strip()  # its first line
    done = nasctl(*FEW)
    assert done.code == 1
    assert done.err.count(f"crashed  FileNotFoundError: {shown}") == 3
    assert (
        f"error: all 3 trials failed, the last one, trial 2 (crashed): FileNotFoundError: {shown}" in done.err
    )
    listed = nasctl("trials", "run")
    assert (listed.code, listed.out.count(f"crashed: FileNotFoundError: {shown}\n")) == (0, 3)
    for trial in nasctl("trials", "run", "--json").documents:
        assert trial["cause"] == f"FileNotFoundError: {text}".replace("\udcff", "\\udcff")
    assert nasctl("status", "run").code == 0
    (state,) = nasctl("status", "run", "--json").documents
    assert state["failed"] == 3


@pytest.mark.parametrize(("text", "shown"), EACH)
def test_a_path_is_shown_and_its_commands_can_be_pasted(text: str, shown: str, nasctl: Run) -> None:
    name = text.replace("/", "|")
    shown = shown.replace("/", "|")
    evaluator("return sum(architecture.tokens)")
    done = nasctl(*SEARCH, "--trials", "2", "--out", f"in {name}/run")
    assert done.code == 0, done.err
    assert shown in done.err
    assert f"  in {shown}/run/best/arch.json   the architecture" in done.out
    command = next(line for line in done.out.splitlines() if "nasctl trials" in line)
    words = pasted(command.removesuffix("   list the trials"))
    assert words == ["nasctl", "trials", f"in {name}/run"]
    assert nasctl(*words[1:]).code == 0
    assert nasctl("status", words[2]).out.startswith(f"in {shown}/run\n")
    (command,) = (
        line.removeprefix("Resume with: ")
        for line in resumable(words[2], nasctl).out.splitlines()
        if "Resume" in line
    )
    assert nasctl(*pasted(command)[1:], "--executor", "inline", "--json").documents[0]["trials"] == 3
    assert nasctl("render", words[2], "-o", f"{name}.svg").code == 2  # a space of choices has no network
    assert nasctl("compare", words[2]).code == 0
    assert shown.replace("\\", "") in nasctl("compare", words[2]).out.replace("\\", "")
    (compared,) = nasctl("compare", words[2], "--json").documents
    assert compared["runs"][0]["trials"] == 3


def resumable(run: str, nasctl: Run) -> Done:
    """The status of a run after its budget was increased."""
    file = Path(run, "run.json")
    document = json.loads(file.read_text())
    document["config"]["search"]["trials"] = 3
    file.write_text(json.dumps(document))
    return nasctl("status", run)


def pasted(command: str) -> list[str]:
    """The words of a command as bash reads them."""
    import subprocess

    shown = subprocess.run(
        ["bash", "-c", f"printf '%s\\0' {command}"],
        capture_output=True,
        check=True,
        env={"PATH": os.environ["PATH"]},
    ).stdout
    return [os.fsdecode(word) for word in shown.split(b"\0")[:-1]]


@pytest.mark.parametrize(("text", "shown"), HARDEST)
def test_warnings_show_the_path_and_the_content_of_a_damaged_run(
    text: str, shown: str, nasctl: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger(), "handlers", [])  # as outside of tests
    evaluator("return sum(architecture.tokens)")
    name, shown = text.replace("/", "|"), shown.replace("/", "|")
    assert nasctl(*SEARCH, "--trials", "2", "--out", name).code == 0
    connection = sqlite3.connect(Path(name, "trials.sqlite"))
    with connection:
        damage = name.encode("utf-8", "surrogateescape") + b"\xff"
        connection.execute("UPDATE trials SET history = CAST(? AS TEXT) WHERE number = 1", (damage,))
    connection.close()
    done = nasctl("status", name)
    assert done.code == 0, done.err
    assert done.err.startswith(f"{shown}/trials.sqlite: trial 1 is damaged")
    assert done.err.count(shown.removesuffix(r"\udcff")) >= 2


SHOWN = [
    ("check", "X"),
    ("fmt", "X"),
    ("describe", "X"),
    ("sample", "X"),
    ("grammar", "X"),
    ("search", "X"),
    ("search", "toy.nas", "--set", "X"),
    ("search", "toy.nas", "--evaluator", "math:sqrt", "--set", "search.trials=X"),
    ("search", "toy.nas", "--evaluator", "math:sqrt", "--set", "controller.kind=X"),
    ("search", "toy.nas", "--evaluator", "X"),
    ("search", "toy.nas", "--evaluator", "os:X"),
    ("search", "toy.nas", "--controller", "X"),
    ("search", "toy.nas", "--time", "X"),
    ("search", "toy.nas", "--executor", "X", "--evaluator", "math:sqrt"),
    ("search", "toy.nas", "--init", "X", "--evaluator", "math:sqrt"),
    ("search", "spaces/cnn.nas", "--dataset", "X"),
    ("status", "X"),
    ("trials", "X"),
    ("compare", "X"),
    ("compare", "toy.nas", "--controllers", "X"),
    ("render", "X"),
    ("render", "toy.nas", "-o", "X"),
    ("train", "X"),
    ("eval", "--checkpoint", "X"),
]
"""Commands with an argument that cannot be used and that their messages show."""

REFUSED = [
    ("sample", "toy.nas", "-n", "X"),
    ("search", "X", "--resume"),
    ("search", "toy.nas", "--trials", "X"),
    ("search", "toy.nas", "--reward", "X", "--evaluator", "math:sqrt"),
    ("search", "toy.nas", "--seed", "X"),
    ("search", "toy.nas", "--dataset", "X"),
    ("search", "toy.nas", "--evaluator", "X:f"),
    ("search", "toy.nas", "X"),
    ("trials", "toy.nas", "--top", "X"),
    ("render", "toy.nas", "--tokens", "X"),
    ("eval", "--checkpoint", ".", "--split", "X"),
    ("X",),
    ("search", "--X"),
    ("--X",),
]
"""Commands with an argument that cannot be used, whose messages may show it or only what is expected."""


@pytest.mark.parametrize("arguments", [*SHOWN, *REFUSED], ids=" ".join)
def test_an_argument_that_cannot_be_used_is_refused_and_shown_literally(
    arguments: tuple[str, ...], nasctl: Run
) -> None:
    for case in HARDEST:
        text, shown = map(str, case.values)
        done = nasctl(*(argument.replace("X", text) for argument in arguments))
        assert done.code == 2, (text, done)
        assert "error: " in done.err
        assert done.out == ""
        if arguments in SHOWN:
            assert shown.strip() in done.err, (text, done.err)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        pytest.param("raise ValueError('')", "ValueError", id="empty message"),
        pytest.param("raise ValueError('\\n\\n')", "ValueError", id="empty lines"),
        pytest.param("raise ValueError('one\\ntwo')", "ValueError: one", id="two lines"),
        pytest.param("raise ValueError('x' * 10**7)", "characters left out", id="ten megabytes"),
        pytest.param("raise ValueError('\\n' * 10**6 + 'end')", "ValueError", id="a million lines"),
        pytest.param("raise ValueError(b'\\xff')", "b'\\xff'", id="bytes"),
        pytest.param("raise ValueError({'a': [1]})", "{'a': [1]}", id="object"),
        pytest.param(
            "class E(Exception):\n    def __str__(self):\n        raise OSError\nraise E",
            "cannot be read",
            id="str raises",
        ),
        pytest.param(
            "class E(Exception):\n    def __str__(self):\n        return 3\nraise E",
            "cannot be read",
            id="str is no text",
        ),
        pytest.param(
            "class E(Exception):\n    def __repr__(self):\n        raise OSError\nraise E(1)",
            "E: 1",
            id="repr raises",
        ),
        pytest.param(
            "class R:\n    def __repr__(self):\n        raise OSError\nraise ValueError(R())",
            "cannot be read",
            id="argument",
        ),
        pytest.param(
            "raise type('[/b]\\x1b', (Exception,), {})('x')", "[/b]\\x1b: x", id="name of the class"
        ),
        pytest.param("return {'reward': 1, 'x': '[/b]'}", "'[/b]'", id="value is no number"),
        pytest.param("return {'[/b]\\x1b': 1}", "[/b]\\x1b", id="no reward"),
        pytest.param("return '\\x1b'", "\\x1b", id="text as the reward"),
        pytest.param("return {'reward': float('nan')}", "nan", id="reward is NaN"),
        pytest.param("return {'reward': 10**400}", "", id="huge integer"),
        pytest.param("return {3: 4}", "", id="number as a name"),
        pytest.param("return None", "None", id="nothing"),
    ],
)
def test_any_error_of_an_evaluator_fails_its_trial_alone(body: str, cause: str, nasctl: Run) -> None:
    evaluator(f"score.calls = getattr(score, 'calls', 0) + 1\nif score.calls > 2:\n    return 1.0\n{body}")
    done = nasctl(*SEARCH, "--trials", "4", "--out", "run", "--set", "search.duplicates=repeat")
    assert done.code == 0, done.err
    assert cause in done.err
    assert len(done.err) < 20_000
    listed = nasctl("trials", "run")
    assert cause in listed.out and len(listed.out) < 20_000
    statuses = {trial["status"] for trial in nasctl("trials", "run", "--json").documents}
    assert len(statuses) == 2 and "complete" in statuses
    assert nasctl("status", "run").code == nasctl("compare", "run").code == 0


def test_both_ends_of_a_long_message_are_stored(nasctl: Run) -> None:
    evaluator("raise ValueError('begin' + 'x' * 10**6 + 'end')")
    assert nasctl(*FEW).code == 1
    (trial, *_) = nasctl("trials", "run", "--json").documents
    assert trial["cause"].startswith("ValueError: begin") and trial["cause"].endswith("end")
    assert "characters left out" in trial["cause"]


MEASURES = {
    "nan": float("nan"),
    "most": float("inf"),
    "least": float("-inf"),
    "[/b]": 1.0,
    "\x1b[31m": 2.0,
    "a\nb": 3.0,
    "\udcff": 4.0,
    "": 5.0,
    "validation_accuracy": float("nan"),
    "params": float("inf"),
    "epochs": float("nan"),
}


def test_measures_of_any_name_and_value_are_listed_and_stored(nasctl: Run) -> None:
    body = (
        f"nan, inf = float('nan'), float('inf')\nreturn {{'reward': architecture.tokens[0], **{MEASURES!r}}}"
    )
    evaluator(body)
    (found,) = nasctl(*FEW, "--json").documents
    assert found["best"]["metrics"]["nan"] is found["best"]["metrics"]["most"] is None
    assert found["best"]["metrics"]["[/b]"] == 1.0
    assert nasctl("trials", "run").code == nasctl("status", "run").code == nasctl("compare", "run").code == 0
    for command in ("trials", "status", "compare"):
        assert nasctl(command, "run", "--json").documents
    content = json.loads(Path("run/best/arch.json").read_text(), parse_constant=refuse)
    assert content["results"]["most"] == "Infinity"
    assert nasctl(*RESUME, "--trials", "5", "--evaluator", "own:score").code == 0


@pytest.mark.parametrize("reward", ["1e308", "-1e308", "5e-324", "1e154", "0.0", "-0.0"])
def test_rewards_at_the_limits_are_shown(reward: str, nasctl: Run) -> None:
    evaluator(f"return {reward} * (architecture.tokens[0] - 1)")
    assert nasctl(*SEARCH, "--trials", "9", "--out", "run").code == 0
    for command in ("trials", "status", "compare"):
        shown = nasctl(command, "run")
        assert shown.code == 0
        assert max(map(len, shown.out.splitlines())) < 200


def test_all_trials_failed_is_exit_code_1_and_json_is_still_printed(nasctl: Run) -> None:
    evaluator("raise ValueError('no [simulator]')")
    done = nasctl(*FEW, "--json")
    assert done.code == 1
    assert done.documents[0]["best"] is None
    assert done.documents[0]["trials"] == 3
    assert "error: all 3 trials failed" in done.err and "ValueError: no [simulator]" in done.err
    assert "hint: `nasctl trials run` lists the causes" in done.err
    again = nasctl(*RESUME, "--trials", "4", "--evaluator", "own:score")
    assert again.code == 1 and "all 4 trials failed" in again.err
    assert nasctl("trials", "run").code == nasctl("status", "run").code == 0


@pytest.mark.parametrize(("text", "shown"), EACH)
def test_choices_and_names_of_spaces_are_shown(text: str, shown: str, nasctl: Run) -> None:
    name = text.replace("/", "|")
    choice = text.replace("\udcff", "")
    Path(f"{name}.nas").write_text(
        f'space choices\n\na in {{"{choice}", "x"}}\nif a == "{choice}" {{ b in {{1, 2}} }}\n',
        encoding="utf-8",
    )
    if visible(choice) != choice:  # a space file may not contain such characters
        done = nasctl("check", f"{name}.nas")
        assert done.code == 2 and "this is " in done.err and choice not in done.err
        return
    for command in ("check", "describe", "sample", "fmt"):
        done = nasctl(command, f"{name}.nas")
        assert done.code == 0, done.err
        if command != "fmt":
            assert len(nasctl(command, f"{name}.nas", "--json").documents) == 1
    assert nasctl("describe", f"{name}.nas").out.startswith(shown.replace("/", "|"))
    assert shown.replace("\\udcff", "") in nasctl("describe", f"{name}.nas").out
