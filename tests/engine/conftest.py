"""A small space of plain choices and the rewards of its strings, for searches that take milliseconds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from nasctl.architecture import Architecture
from nasctl.dialects import parse_space
from nasctl.space import Space

TEXT = """\
space choices

a in {0, 1, 2, 3}
b in {0, 1, 2, 3}
c in {0, 1, 2, 3}
"""


@pytest.fixture
def space() -> Space:
    return parse_space(TEXT, name="toy")


@pytest.fixture
def score() -> Callable[[Architecture], dict[str, float]]:
    """The sum of the values; the largest, 9, is that of the string 3 3 3."""

    def evaluate(architecture: Architecture) -> dict[str, float]:
        total = float(sum(architecture.tokens))
        return {"reward": total, "half": total / 2}

    return evaluate
