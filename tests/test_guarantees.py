"""Every fault in `docs/guarantees.md` names tests that exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PAGE = (TESTS.parent / "docs" / "guarantees.md").read_text(encoding="utf-8")
ROWS = [
    [cell.strip() for cell in line.strip("|").split(" | ")]
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| fault", "| ---"))
]
NAMED = [(row[0], *name) for row in ROWS for name in re.findall(r"`([\w/]+\.py)::(\w+)`", row[-1])]


@cache
def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("fault", "file", "test"), NAMED)
def test_a_test_that_the_page_names_exists(fault: str, file: str, test: str) -> None:
    assert test.startswith("test_")
    assert test in functions_of(TESTS / file)


def test_every_fault_has_a_promise_and_a_test() -> None:
    assert len(ROWS) > 30
    assert all(len(row) == 3 and all(row) for row in ROWS)
    assert {row[0] for row in ROWS} == {fault for fault, _, _ in NAMED}
