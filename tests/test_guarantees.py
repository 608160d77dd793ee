"""Every promise in `docs/guarantees.md` has tests, and they exist."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PROMISES, TESTED = (
    (TESTS.parent / "docs" / "guarantees.md").read_text(encoding="utf-8").split("\n## The tests\n")
)


def rows_of(page: str) -> list[list[str]]:
    """The cells of each row that begins with a fault."""
    tables = re.findall(r"^\| fault \|.*\n\| ---.*\n((?:\|.*\n)+)", page, re.MULTILINE)
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for table in tables
        for line in table.splitlines()
    ]


NAMED = [
    (fault, *name) for fault, tests in rows_of(TESTED) for name in re.findall(r"`([\w/]+\.py)::(\w+)`", tests)
]


@cache
def functions_of(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize(("fault", "file", "test"), NAMED)
def test_a_test_that_the_page_names_exists(fault: str, file: str, test: str) -> None:
    assert test.startswith("test_")
    assert test in functions_of(TESTS / file)


def test_every_fault_has_a_promise_and_a_test() -> None:
    promises = rows_of(PROMISES)
    assert len(promises) > 30
    assert all(len(row) == 2 and all(row) for row in promises)
    faults = [fault for fault, _ in promises]
    assert faults == [fault for fault, _ in rows_of(TESTED)]
    assert set(faults) == {fault for fault, *_ in NAMED}
