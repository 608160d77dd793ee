"""Imports run downwards only, and light commands stay light."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import nasctl

LAYERS = (
    {"errors", "resources", "cache"},
    {"formula", "metrics", "process"},
    {"config"},
    {"graph"},
    {"space"},
    {"dsl"},
    {"dialects"},
    {"lowering"},
    {"architecture"},
    {"datasets"},
    {"tasks", "controllers", "render"},
    {"training", "store"},
    {"executors"},
    {"engine"},
    {"cli"},
    {"__main__"},
)
"""The parts of the package from the bottom up; a part imports from lower rows and from itself."""

DOORWAYS = {
    ("space", "architecture"),  # Space.decode gives the architecture that a string stands for
}

PACKAGE = Path(nasctl.__file__).parent
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def part_of(module: str) -> str:
    return module.split(".")[1]


def imports() -> list[tuple[str, str, str]]:
    """(place, importing part, imported part) of each import of ours, those inside functions included."""
    found = []
    for file in sorted(PACKAGE.rglob("*.py")):
        relative = file.relative_to(PACKAGE)
        part = relative.parts[0].removesuffix(".py")
        if part == "__init__":
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                assert node.level == 0, f"{relative}:{node.lineno} imports relatively"
                modules = [node.module or ""]
                if node.module == "nasctl":
                    modules = [f"nasctl.{alias.name}" for alias in node.names if alias.name in LEVEL]
            for module in modules:
                if module.startswith("nasctl."):
                    found.append((f"{relative}:{getattr(node, 'lineno', 0)}", part, part_of(module)))
    return found


def test_every_part_of_the_package_has_a_row() -> None:
    parts = {
        path.name.removesuffix(".py")
        for path in PACKAGE.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert parts - {"__init__"} == set(LEVEL)


def test_imports_run_downwards() -> None:
    found = imports()
    assert len(found) > 50
    upwards = [
        f"{place}: {part} imports {imported}"
        for place, part, imported in found
        if part != imported and LEVEL[imported] >= LEVEL[part] and (part, imported) not in DOORWAYS
    ]
    assert upwards == []


@pytest.mark.parametrize(
    "module",
    [
        "nasctl",
        "nasctl.cli.main",
        "nasctl.dialects",
        "nasctl.graph",
        "nasctl.space",
        "nasctl.render",
        "nasctl.store",
    ],
)
def test_light_modules_do_not_import_heavy_packages(module: str) -> None:
    heavy = ("jax", "flax", "optax", "orbax", "tensorflow_datasets", "sklearn")
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert shown.stdout.strip() == "[]"
