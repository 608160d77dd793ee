"""Files in the current folder are imported for `--evaluator` only, and never instead of other modules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from nasctl.engine.evaluation.function_evaluator import import_function
from nasctl.errors import NasctlError

SPACES = Path("spaces").resolve()
TRAP = "open('imported.txt', 'a').write(__name__ + chr(10))\nraise RuntimeError('the trap was imported')\n"
NAMES = (
    *(
        "random",
        "numpy",
        "optax",
        "json",
        "jaxlib",
        "flax",
        "orbax",
        "lark",
        "typer",
        "rich",
        "scipy",
        "sqlite3",
    ),
    *(
        "sitecustomize",
        "usercustomize",
        "multiprocessing",
        "socket",
        "sklearn",
        "tables",
        "click",
        "logging",
        "queue",
    ),
    *("threadpoolctl", "select", "ctypes", "concurrent", "secrets", "PIL", "errors", "config", "space"),
)
"""Modules of Python, of the packages that nasctl uses, and of nasctl itself."""

CONSOLE = "import sys; from nasctl.__main__ import main; sys.argv[0] = 'nasctl'; main()"
STARTS = {
    "python -m nasctl": [sys.executable, "-m", "nasctl"],
    "nasctl": [sys.executable, "-P", "-c", CONSOLE],  # as the script that pip installs
}


@pytest.fixture
def trapped(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / f"{name}.py").write_text(TRAP)
    (tmp_path / "jax").mkdir()
    (tmp_path / "jax" / "__init__.py").write_text(TRAP)
    (tmp_path / "tiny.nas").write_text((SPACES / "tiny.nas").read_text())
    (tmp_path / "toy.nas").write_text("space choices\na in {0, 1, 2}\nb in {0, 1, 2}\n")
    (tmp_path / "my_score.py").write_text(
        "import json, random, my_table\ndef score(architecture):\n    return my_table.TABLE[architecture.tokens[0]]\n"
    )
    (tmp_path / "broken.py").write_text("raise RuntimeError('the trap was imported')\n")
    (tmp_path / "leaves.py").write_text("import sys\nsys.exit(3)\n")
    (tmp_path / "cancelled.py").write_text("import asyncio\nraise asyncio.CancelledError('the trap')\n")
    (tmp_path / "lazy.py").write_text("def __getattr__(name):\n    raise LookupError(f'no {name}')\n")
    (tmp_path / "syntax.py").write_text("def score(:\n")
    (tmp_path / "my_table.py").write_text("TABLE = [1.0, 2.0, 3.0]\n")
    return tmp_path


def nasctl(start: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*STARTS[start], *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


SEARCH = ("search", "toy.nas", "--evaluator", "my_score:score", "--trials", "3", "--controller", "random")
LIGHT = [("check", "tiny.nas"), ("describe", "tiny.nas"), SEARCH]
HEAVY = [
    (*SEARCH, "--executor", "inline"),
    ("search", "tiny.nas", "--set", "training.epochs=1", "--trials", "1", "--workers", "1"),
    ("search", "toy.nas", "--evaluator", "my_score:score", "--trials", "2"),
    ("render", "toy.nas"),
]


@pytest.mark.parametrize(
    ("start", "arguments"),
    [
        pytest.param(
            start,
            arguments,
            id=f"{start} {' '.join(arguments[:8])}",
            marks=() if start == "python -m nasctl" and arguments in LIGHT else pytest.mark.slow,
        )
        for start in STARTS
        for arguments in (*LIGHT, *HEAVY)
    ],
)
def test_files_with_the_names_of_modules_are_not_imported(
    start: str, arguments: tuple[str, ...], trapped: Path
) -> None:
    done = nasctl(start, *arguments, folder=trapped)
    assert not (trapped / "imported.txt").exists(), (trapped / "imported.txt").read_text()
    if arguments[0] != "render":  # a space is no architecture
        assert done.returncode == 0, done.stderr
    assert "the trap" not in done.stderr


@pytest.mark.parametrize(
    ("name", "owner"),
    [("random", "Python"), ("json", "Python"), ("numpy", "numpy"), ("optax", "optax"), ("select", "Python")],
)
def test_an_evaluator_with_the_name_of_another_module_is_refused(
    name: str, owner: str, trapped: Path
) -> None:
    with pytest.raises(NasctlError, match=f"names the module {name} of .*{owner}") as error:
        import_function(f"{name}:score", trapped)
    assert error.value.hint.startswith(f"rename {name}.py")


@pytest.mark.slow
def test_a_search_with_such_an_evaluator_leaves_no_run(trapped: Path) -> None:
    done = nasctl("python -m nasctl", "search", "toy.nas", "--evaluator", "random:score", folder=trapped)
    assert done.returncode == 2
    assert "names the module random of Python" in done.stderr
    assert not (trapped / "runs").exists()


UNUSABLE = [
    ("absent:score", "there is no module absent"),
    ("my_score.absent:score", "No module named 'my_score.absent'"),
    ("my_score:absent", "my_score has no function absent"),
    ("my_table:TABLE", "my_table has no function TABLE"),
    ("broken:score", "RuntimeError: the trap was imported"),
    ("leaves:score", "SystemExit: 3"),
    ("cancelled:score", "CancelledError: the trap"),
    ("lazy:score", "LookupError: no score"),
    ("syntax:score", "SyntaxError"),
    ("__main__:score", "which a worker cannot import"),
    ("my score:score", "is not of the form MODULE:FUNCTION"),
    ("../my_score:score", "is not of the form MODULE:FUNCTION"),
]


@pytest.mark.parametrize(("reference", "message"), UNUSABLE)
def test_an_evaluator_that_cannot_be_imported_is_one_error(
    reference: str, message: str, trapped: Path
) -> None:
    path = list(sys.path)
    with pytest.raises(NasctlError, match=re.escape(message)):
        import_function(reference, trapped)
    assert sys.path == path
    for name in ("my_score", "my_table"):
        sys.modules.pop(name, None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("reference", "message", "executor"),
    [(*case, "auto" if at % 2 else "inline") for at, case in enumerate(UNUSABLE)],
)
def test_a_search_with_an_evaluator_that_cannot_be_imported_leaves_no_run(
    reference: str, message: str, executor: str, trapped: Path
) -> None:
    search = ("search", "toy.nas", "--controller", "random", "--evaluator", reference, "--executor", executor)
    done = nasctl("python -m nasctl", *search, folder=trapped)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert not (trapped / "runs").exists()


def test_the_file_of_a_module_is_answered_with_its_name(
    trapped: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(trapped)
    with pytest.raises(NasctlError) as refused:
        import_function("my_score.py:score", trapped)
    assert refused.value.hint == "write my_score:score"
