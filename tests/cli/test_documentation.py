"""Every command is documented, and every documented command runs."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nasctl.cli.main import app

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = {
    f"{group}{command.name or command.callback.__name__}": command.callback
    for group, commands in (
        ("", app.registered_commands),
        *(
            (f"{group.typer_instance.info.name} ", group.typer_instance.registered_commands)
            for group in app.registered_groups
        ),
    )
    for command in commands
    if command.callback
}
"""The functions of all commands by their names, such as `search` and `data list`."""
SMALL = ["--trials", "2", "--set", "training.epochs=1"]
"""Arguments that are added to a documented search to make it short."""

PAGES = sorted(
    file
    for pattern in ("*.md", "docs/*.md", "benchmarks/notes/*.md", "examples/plugin/*.md")
    for file in ROOT.glob(pattern)
)
LONGEST_LINE = 100


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_lines_of_markdown_are_short_except_in_tables(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    assert [
        f"{page.name}:{number}"
        for number, line in enumerate(lines, 1)
        if len(line) > LONGEST_LINE and not line.startswith("|")
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_help_texts_in_the_docs_are_up_to_date() -> None:
    printed = subprocess.run(
        [sys.executable, ROOT / "docs" / "commands.py"], capture_output=True, text=True, check=True
    )
    assert printed.stdout == (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_says_what_it_does_and_ends_with_an_example(name: str) -> None:
    lines = (COMMANDS[name].__doc__ or "").strip().splitlines()
    assert lines[0].endswith(".")
    assert f"{lines[-1].strip()} ".startswith(f"Example: nasctl {name} ")


def documented_commands() -> list[tuple[str, str]]:
    """Lists (file, command) for each nasctl command in a code block and each example in a help text."""
    found = []
    for file in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = file.read_text(encoding="utf-8")
        for block in re.findall(r"```(?:bash|console|sh)\n(.*?)```", text, re.DOTALL):
            found += [
                (file.name, line.removeprefix("$ ").strip())
                for line in block.splitlines()
                if line.removeprefix("$ ").startswith("nasctl ")
            ]
    for command in COMMANDS.values():
        example = re.search(r"Example: (nasctl .*)", command.__doc__ or "")
        assert example is not None
        found.append(("the help", example.group(1).strip()))
    return found


@pytest.mark.slow
def test_every_documented_command_runs(tmp_path: Path) -> None:
    prepare_folder(tmp_path)
    first_search = ["search", "spaces/cnn.nas", *SMALL]
    nasctl(first_search, tmp_path)
    failed = []
    for file, command in documented_commands():
        arguments = shlex.split(command, comments=True)[1:]
        if "cifar10" in arguments:
            continue  # needs the archive
        if arguments[0] == "search":
            arguments += SMALL[:2] if "--resume" in arguments else SMALL
        elif arguments[0] == "train":
            arguments += ["--epochs", "1"]
        done = nasctl(arguments, tmp_path)
        if done.returncode != 0:
            failed.append(f"{file}: {command}\n{done.stdout}{done.stderr}")
    assert failed == []


@pytest.mark.slow
def test_the_python_of_the_readme_runs(tmp_path: Path) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (code,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("-24.0 ")


def prepare_folder(folder: Path) -> None:
    """Creates the files that the documentation mentions."""
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(0)
    images = rng.integers(0, 255, (80, 8, 8, 1), dtype=np.uint8)
    labels = np.arange(80) % 4
    np.savez(
        folder / "mine.npz", x_train=images[:60], y_train=labels[:60], x_test=images[60:], y_test=labels[60:]
    )
    rows = "".join(f"{step}.0,{step + 1}.0,{2 * step}.0:{{}}\n" for step in range(1, 21))
    head = "@problemName a\n@timestamps false\n@univariate true\n"
    classes = "".join(line.format("ab"[number % 2]) + "\n" for number, line in enumerate(rows.splitlines()))
    numbers = "".join(line.format(number / 7) + "\n" for number, line in enumerate(rows.splitlines()))
    (folder / "GunPoint").mkdir()
    for split in ("TRAIN", "TEST"):
        text = f"{head}@classLabel true a b\n@data\n{classes}"
        (folder / "GunPoint" / f"GunPoint_{split}.ts").write_text(text)
    (folder / "heat.ts").write_text(f"{head}@targetlabel true\n@data\n{numbers}")
    documents = "".join(
        f"a text of words {number},{'good' if number % 2 else 'bad'}\n" for number in range(40)
    )
    for name in ("a.csv", "reviews.csv"):
        (folder / name).write_text("text,label\n" + documents)
    for label in ("cats", "dogs"):
        (folder / "photographs" / label).mkdir(parents=True)
        for number in range(30):
            picture = Image.fromarray(rng.integers(0, 255, (8, 8, 3), dtype=np.uint8))
            picture.save(folder / "photographs" / label / f"{number}.png")
    (folder / "examples").mkdir()
    shutil.copy(ROOT / "examples" / "nascell.json", folder / "examples")
    text = "".join(f"the {word} sat on the mat\n" for word in ["cat", "dog", "mouse"] * 40)
    (folder / "ptb").mkdir()
    for split in ("train", "valid", "test"):
        (folder / "ptb" / f"ptb.{split}.txt").write_text(text, encoding="utf-8")
    (folder / "book.txt").write_text(text, encoding="utf-8")
    (folder / "my.nas").write_text("space choices\np0 in {0, 1, 2}\n", encoding="utf-8")
    (folder / "my_module.py").write_text(
        "def evaluate(architecture):\n    return 1.0 + sum(architecture.tokens)\n"
        "def score(architecture):\n    return 1.0\n",
        encoding="utf-8",
    )


def nasctl(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
