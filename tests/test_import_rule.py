"""Imports have no cycles, nothing after the Graph imports a dialect, and light commands do not import JAX."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from import_graph import circles, import_graph

import nasctl

LAYERS = (
    {"errors", "foreign_text", "interruption", "progress"},
    {"bounds", "byte_size", "resources", "cache", "decoder", "input_kind", "target_kind", "machine_memory"},
    {"files"},
    {"formula", "metrics", "process"},
    {"jax_start"},
    {"config"},
    {"settings"},
    {"graph"},
    {"space"},
    {"dsl"},
    {"dialects"},
    {"lowering"},
    {"arch_json"},
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

FRONT_ENDS = {"dialects", "arch_json", "engine", "cli"}
"""The parts that may import `nasctl.dialects`, because they read the text of a space: an `arch.json` contains one, and
a search and the commands begin with one. No other part knows that there are dialects."""

PACKAGE = Path(nasctl.__file__).parent
GRAPH = import_graph(PACKAGE)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}


def part_of(module: str) -> str:
    return module.split(".")[1]


def arrows() -> list[tuple[str, str]]:
    """(importing module, imported module), without the package itself."""
    return [
        (module, imported)
        for module, targets in GRAPH.items()
        for imported in sorted(targets)
        if "." in module and "." in imported
    ]


def test_every_part_of_the_package_has_a_row() -> None:
    assert {part_of(module) for module in GRAPH if "." in module} == set(LEVEL)


def test_imports_run_downwards() -> None:
    assert len(arrows()) > 500
    upwards = [
        f"{module} imports {imported}"
        for module, imported in arrows()
        if part_of(module) != part_of(imported) and LEVEL[part_of(imported)] >= LEVEL[part_of(module)]
    ]
    assert upwards == []


def test_no_files_import_each_other_in_a_circle() -> None:
    assert circles(GRAPH) == []


def test_what_follows_the_graph_knows_no_dialect() -> None:
    knowing = [
        f"{module} imports {imported}"
        for module, imported in arrows()
        if part_of(imported) == "dialects" and part_of(module) not in FRONT_ENDS
    ]
    assert knowing == []


def test_a_dialect_is_known_by_its_entry_point_only() -> None:
    dialects = {path.parent.name for path in (PACKAGE / "dialects").glob("*/__init__.py")}
    named = [
        f"{module} imports {imported}"
        for module, imported in arrows()
        for dialect in dialects
        if imported.startswith(f"nasctl.dialects.{dialect}")
        and not module.startswith(f"nasctl.dialects.{dialect}")
    ]
    assert len(dialects) > 3
    assert named == []


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
