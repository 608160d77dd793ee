"""The graph of imports between the files of a package, and its circles."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path


def import_graph(package: Path) -> dict[str, set[str]]:
    """For each module of a package the modules of the package that its file imports.

    Imports inside functions and those under TYPE_CHECKING count. `from a.b import name` leads to the file of `a.b`
    and, where `a.b` imports the name itself, also to the file that defines the name.

    Args:
      package: Folder of the package.
    """
    trees = {}
    for file in sorted(package.rglob("*.py")):
        parts = file.relative_to(package.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        trees[name] = ast.parse(file.read_text(encoding="utf-8"))
    return {module: set(_imported(module, tree, trees)) - {module} for module, tree in trees.items()}


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The strongly connected components of more than one module: in each, every module imports every other one
    directly or through others."""
    reached = {module: _reached(module, graph) for module in graph}
    found = {
        tuple(sorted(other for other in reached[module] if module in reached[other]))
        for module in graph
        if module in reached[module]
    }
    return [list(circle) for circle in sorted(found)]


def _imported(module: str, tree: ast.Module, trees: Mapping[str, ast.Module]) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in trees)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}, line {node.lineno}: a relative import"
            source = node.module or ""
            for alias in node.names:
                if f"{source}.{alias.name}" in trees:
                    yield f"{source}.{alias.name}"
                elif source in trees:
                    yield from (source, _home(source, alias.name, trees))


def _home(module: str, name: str, trees: Mapping[str, ast.Module]) -> str:
    """The module that defines a name which another one may only pass on."""
    for node in trees[module].body:
        if isinstance(node, ast.ImportFrom) and node.module in trees and node.module != module:
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return _home(node.module, alias.name, trees)
    return module


def _reached(start: str, graph: Mapping[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        for module in graph[waiting.pop()] - reached:
            reached.add(module)
            waiting.append(module)
    return reached
