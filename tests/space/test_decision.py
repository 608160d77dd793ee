"""Decisions as JSON values."""

from __future__ import annotations

from dataclasses import asdict

from nasctl.space import Clause, Decision


def test_json_values_are_those_of_asdict() -> None:
    decision = Decision("a", "b", (1, 2.5, "x"), (Clause(0, (1, 2)), Clause(3, ())))
    assert decision.to_json() == asdict(decision)
