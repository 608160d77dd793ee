"""Candidates are decoded and hashed, their costs are computed, and they are resampled until the constraints hold."""

from __future__ import annotations

import pytest

from nasctl.arch_json import TaskInfo
from nasctl.config import ControllerConfig
from nasctl.controllers import Controller, make_controller
from nasctl.dialects import parse_space
from nasctl.engine.loop.candidates import Candidate, propose
from nasctl.errors import WorkFailed
from nasctl.graph import Signature
from nasctl.space import Space

TASK = TaskInfo("digits", Signature((8, 8, 1), 10))
TEXT = """\
space cnn

input image
layers 2

layer {{
  conv {{ height in {{1, 3}}  width in {{1, 3}}  filters in {{8, 16}} }}
  relu
  skip anchors
}}

output classifier
require params <= {bound}
"""


def bounded(bound: int) -> Space:
    return parse_space(TEXT.format(bound=bound), name="bounded")


def proposed(controller: Controller, space: Space, count: int) -> list[Candidate]:
    candidates: list[Candidate] = []
    for number in range(count):
        awaited = [candidate.architecture.tokens for candidate in candidates]
        candidates.append(propose(controller, space, TASK, number, awaited))
    return candidates


@pytest.mark.parametrize("kind", ["random", "reinforce", "local", "evolution"])
def test_strings_that_break_a_constraint_are_sampled_again_and_counted(kind: str) -> None:
    space = bounded(350)
    controller = make_controller(space, ControllerConfig(kind=kind, batch=8), seed=0)
    candidates = proposed(controller, space, 8)
    assert [candidate.number for candidate in candidates] == list(range(8))
    assert all(candidate.cost["params"] <= 350 for candidate in candidates)
    first = controller.propose(0, 1)[0]
    kept = space.decode(first).cost(TASK.signature).params <= 350
    assert kept == (candidates[0].rejected == 0) == (candidates[0].architecture.tokens == first)
    assert any(candidate.rejected for candidate in candidates)


def test_constraints_that_nothing_keeps_end_the_search_with_the_reason() -> None:
    space = bounded(1)
    controller = make_controller(space, ControllerConfig(kind="random"), seed=0)
    with pytest.raises(WorkFailed, match="params <= 1") as error:
        propose(controller, space, TASK, 0, [])
    assert "loosen" in error.value.hint


def test_seeds_of_jobs_follow_from_the_run_and_the_trial_alone() -> None:
    space = bounded(10**6)
    controller = make_controller(space, ControllerConfig(kind="random", batch=4), seed=0)
    candidates = proposed(controller, space, 4)
    seeds = [candidate.job(run_seed=3).seed for candidate in candidates]
    assert seeds == [candidate.job(run_seed=3).seed for candidate in candidates]
    assert len(set(seeds)) == 4
    assert seeds != [candidate.job(run_seed=4).seed for candidate in candidates]
