"""The examples of `docs/extending.md`, applied to a copy of nasctl, pass their tests."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import nasctl

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")

NEW_FILES = re.findall(r"^`([\w/.]+)`:\n\n```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
"""(path, text) of each file that the page shows in full."""

LEAKY_RELU = (
    '"leaky_relu": LayerType("leaky_relu", {"slope": Property(low=0, high=1, whole=False, default=0.1)}),'
)
TOP_3 = 'TOP_3 = Metric("top_3", larger_is_better=True, percent=True)'
TOP_3_TABLE = "_OF_CLASSES = (ACCURACY, BALANCED_ACCURACY, AUROC, MACRO_F1, TOP_5, TOP_3, LOG_LOSS)"
TOP_3_METRICS = "        return (ACCURACY, BALANCED_ACCURACY, AUROC, MACRO_F1, *top, TOP_3, LOG_LOSS)\n"
TOP_3_VALUE = '            "top_3": top_share(outputs, labels, 3),\n'
CLIMB_TEST = (
    '    "climb": lambda space, seed: make_controller(space, ControllerConfig(kind="climb"), seed=seed),\n'
)

EDITS = [
    ("nasctl/graph/ops/__init__.py", "        relu,\n", "        relu,\n        leaky_relu,\n"),
    (
        "nasctl/graph/ops/__init__.py",
        "\n\n__all__",
        "\nfrom nasctl.graph.ops.leaky_relu import leaky_relu\n\n__all__",
    ),
    ("nasctl/dialects/cnn/types.py", '    "tanh": LayerType', f'    {LEAKY_RELU}\n    "tanh": LayerType'),
    ("nasctl/metrics.py", "LOG_LOSS = ", f"{TOP_3}\nLOG_LOSS = "),
    ("nasctl/metrics.py", TOP_3_TABLE.replace("TOP_3, ", ""), TOP_3_TABLE),
    ("nasctl/tasks/classes.py", "TOP_5, Metric\n", "TOP_3, TOP_5, Metric\n"),
    ("nasctl/tasks/classes.py", TOP_3_METRICS.replace("TOP_3, ", ""), TOP_3_METRICS),
    (
        "nasctl/tasks/classes.py",
        '            "auroc": auroc_of_classes(outputs, labels),\n',
        f'            "auroc": auroc_of_classes(outputs, labels),\n{TOP_3_VALUE}',
    ),
    ("nasctl/datasets/catalogue.py", "(DIGITS, CIFAR10)", "(DIGITS, CIFAR10, STRIPES)"),
    (
        "nasctl/datasets/catalogue.py",
        "\nfrom nasctl.datasets.texts.text import",
        "\nfrom nasctl.datasets.stripes import STRIPES\nfrom nasctl.datasets.texts.text import",
    ),
    (
        "nasctl/cli/main.py",
        "\nfrom nasctl.cli.describe",
        "\nfrom nasctl.cli.count import count\nfrom nasctl.cli.describe",
    ),
    (
        "nasctl/cli/main.py",
        "app.command(rich_help_panel=LANGUAGE)(sample)",
        "app.command(rich_help_panel=LANGUAGE)(sample)\napp.command(rich_help_panel=LANGUAGE)(count)",
    ),
    ("nasctl/config.py", '"local", "evolution")', '"local", "evolution", "climb")'),
    ("nasctl/controllers/factory.py", '"evolution": Evolution,', '"evolution": Evolution, "climb": Climb,'),
    (
        "nasctl/controllers/factory.py",
        "\nfrom nasctl.controllers.evolution",
        "\nfrom nasctl.controllers.climb import Climb\nfrom nasctl.controllers.evolution",
    ),
    (
        "tests/controllers/test_every_controller.py",
        '    "guided": guided',
        f'{CLIMB_TEST}    "guided": guided',
    ),
    (
        "tests/controllers/test_every_controller.py",
        '"evolution", "guided"]',
        '"evolution", "guided", "climb"]',
    ),
]
"""(file, text, new text): the changes to files that exist."""

SHOWN = [LEAKY_RELU, TOP_3, TOP_3_TABLE, TOP_3_METRICS, TOP_3_VALUE, CLIMB_TEST]


@pytest.mark.parametrize("text", SHOWN)
def test_the_page_shows_what_is_changed(text: str) -> None:
    assert text in PAGE


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of nasctl and its tests to which every example of the page has been applied."""
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(Path(nasctl.__file__).parent, folder / "nasctl")
    for name in ("tests", "grammars", "spaces", "docs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    for path, text in NEW_FILES:
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text(text, encoding="utf-8")
    for path, old, new in EDITS:
        text = (folder / path).read_text(encoding="utf-8")
        assert text.count(old) == 1, (path, old)
        (folder / path).write_text(text.replace(old, new), encoding="utf-8")
    with (folder / "tests" / "tasks" / "test_classes.py").open("a", encoding="utf-8") as file:
        file.write(
            "\n\n"
            + "".join(re.findall(r"^```python\n(def test_top_3.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))
        )
    installed = folder / "nasctl_stack-0.dist-info"  # what `pip install -e .` would write for the entry point
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: nasctl-stack\nVersion: 0\n")
    (entry_points,) = re.findall(
        r'^```toml\n(\[[^\n]*dialects"\]\nstack.*?)^```$', PAGE, re.MULTILINE | re.DOTALL
    )
    header, entry = entry_points.splitlines()
    (installed / "entry_points.txt").write_text(f"[nasctl.dialects]\n{entry.replace(chr(34), '')}\n")
    assert header == '[project.entry-points."nasctl.dialects"]'
    return folder


@pytest.mark.slow
def test_each_example_passes_its_tests(copy: Path) -> None:
    files = [path for path, _ in NEW_FILES if path.startswith("tests/")]
    assert len(files) == 4
    files += ["tests/tasks/test_classes.py", "tests/controllers/test_every_controller.py"]
    chosen = "leaky or stripes or count or stack or width or keeps or climb or top_3"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n0", "-p", "no:cacheprovider", "-k", chosen, *files],
        cwd=copy,
        env=os.environ | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
