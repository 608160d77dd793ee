"""A search does not change the process that calls `nasctl.search`."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import ctypes, json, os, signal, sys
import jax, jax.numpy as jnp
import nasctl
import flax.nnx  # with JAX 0.12, importing Flax has functions traced again
import sklearn.datasets  # scikit-learn sets variables of OpenMP when it is imported

allocator = []

class Library(ctypes.CDLL):
    def __getattr__(self, name):
        if name == "mallopt":
            return lambda *arguments: allocator.append(arguments)
        return super().__getattr__(name)

ctypes.CDLL = Library
traced = []

@jax.jit
def double(x):
    traced.append(x)
    return 2 * x

def state():
    double(jnp.ones(3))
    return {
        "environment": dict(os.environ),
        "path": list(sys.path),
        "configuration": {name: repr(value) for name, value in jax.config.values.items()},
        "allocator": list(allocator),
        "folder": os.getcwd(),
        "signals": [repr(signal.getsignal(number)) for number in sorted(signal.valid_signals())],
        "traced": len(traced),
    }

def search(name, space, **arguments):
    nasctl.search(space, controller="reinforce", trials=2, out=name, **arguments)

before = state()
searches = {
    "children": lambda name: search(
        name, TINY, settings={"search": {"executor": "inline"}, "training": {"epochs": 1}}
    ),
    "function": lambda name: search(name, "toy.nas", evaluate=lambda architecture: sum(architecture.tokens)),
    "reference": lambda name: search(name, "toy.nas", evaluate="scores_of_process:score"),
    "workers": lambda name: search(
        name, "toy.nas", evaluate="scores_of_process:score", settings={"search": {"workers": 2}}
    ),
    "trained by workers": lambda name: search(
        name, TINY, settings={"search": {"workers": 1}, "training": {"epochs": 1}}
    ),
}
TINY = sys.argv[2]
name = sys.argv[1]
if "configured" in sys.argv:
    nasctl.configure_process()
searches[name](name)
after = state()
print(json.dumps([part for part in before if before[part] != after[part]]))
"""


@pytest.fixture
def changed(tmp_path: Path):
    (tmp_path / "toy.nas").write_text("space choices\na in {0, 1, 2}\nb in {0, 1, 2}\n")
    (tmp_path / "scores_of_process.py").write_text("def score(architecture):\n    return 1.0\n")
    tiny = Path("spaces/tiny.nas").resolve()

    def run(search: str, *more: str) -> list[str]:
        program = "import sys; sys.path.remove('')" + PROGRAM
        paths = os.pathsep.join([str(Path.cwd()), *filter(None, [os.environ.get("PYTHONPATH")])])
        inherited = {name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}
        done = subprocess.run(
            [sys.executable, "-c", program, search, str(tiny), *more],
            cwd=tmp_path,
            env={**inherited, "PYTHONPATH": paths, "XDG_CACHE_HOME": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return sorted(json.loads(done.stdout.splitlines()[-1]))

    return run


@pytest.mark.parametrize(
    "search",
    [
        pytest.param("children", marks=pytest.mark.slow),
        pytest.param("function", marks=pytest.mark.slow),
        "reference",
        pytest.param("workers", marks=pytest.mark.slow),
        pytest.param("trained by workers", marks=pytest.mark.slow),
    ],
)
def test_a_search_changes_nothing(changed, search: str) -> None:
    assert changed(search) == []


@pytest.mark.slow
def test_a_process_that_is_configured_is_changed(changed) -> None:
    assert changed("children", "configured") == ["allocator", "configuration", "environment", "traced"]
    assert changed("reference", "configured") == ["allocator", "configuration", "environment", "path"]


SCRIPT = """
import nasctl
settings = {"search": {"executor": "local", "workers": 1}, "controller": {"kind": "random"}}
run = nasctl.search("toy.nas", "scores_beside:score", trials=2, settings=settings)
print([trial.status for trial in run.trials])
"""


def test_workers_find_the_modules_that_the_caller_finds(tmp_path: Path) -> None:
    """The folder of a script is on its path; the script is called from another folder."""
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "script.py").write_text(SCRIPT)
    (tmp_path / "code" / "scores_beside.py").write_text("def score(architecture):\n    return 1.0\n")
    (tmp_path / "toy.nas").write_text("space choices\n\na in {1, 2, 3, 4}\n")
    done = subprocess.run(
        [sys.executable, "code/script.py"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == "['complete', 'complete']\n"
