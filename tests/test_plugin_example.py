"""The plug-in under `examples/`, installed as any other package and used from the command line."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PLUGIN = Path(__file__).parent.parent / "examples" / "plugin"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nasctl(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command line where the plug-in is installed, in a folder of its own."""
    site = tmp_path_factory.mktemp("site")
    install = [
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "--target",
        str(site),
    ]
    subprocess.run([sys.executable, "-m", *install, str(PLUGIN)], check=True)
    folder = tmp_path_factory.mktemp("work")
    paths = [str(site), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "NO_COLOR": "1"}

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "nasctl", *arguments],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
        )

    return run


def test_a_space_of_its_dialect_is_searched_and_the_best_drawn(nasctl, tmp_path: Path):
    out = tmp_path / "run"
    searched = nasctl(
        "search", str(PLUGIN / "maxout.nas"), "--trials", "2", "--set", "training.epochs=1", "--out", str(out)
    )
    assert searched.returncode == 0, searched.stderr
    best = json.loads((out / "best" / "arch.json").read_text())
    assert best["values"].keys() == {"layer1.units", "layer1.pieces", "layer2.units", "layer2.pieces"}
    drawn = nasctl("render", str(out / "best" / "arch.json"))
    assert drawn.returncode == 0, drawn.stderr
    assert f"maxout {best['values']['layer1.units']}" in drawn.stdout


def test_its_mistakes_are_told_like_those_of_ours(nasctl, tmp_path: Path):
    file = tmp_path / "mine.nas"
    file.write_text("space maxout\nlayers 0\nunits in {0}\npieces in {2}\n")
    told = nasctl("search", str(file))
    assert told.returncode == 2
    assert f"{file}:2:8: error: there cannot be 0 layers" in told.stderr
    assert f"{file}:3:10: error: `units` are positive whole numbers" in told.stderr
    assert "Traceback" not in told.stderr
