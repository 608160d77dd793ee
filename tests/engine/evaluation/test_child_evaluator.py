"""The caches that a worker keeps between children."""

from __future__ import annotations

import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import load_space
from nasctl.engine import task_of
from nasctl.engine.evaluation import child_evaluator
from nasctl.engine.evaluation.child_evaluator import CHILDREN_PER_CLEARING, ChildEvaluator
from nasctl.executors import Job
from nasctl.space import sample_uniform


def test_programs_are_kept_for_a_few_children_and_then_let_go(monkeypatch: pytest.MonkeyPatch) -> None:
    happened: list[str] = []
    monkeypatch.setattr(child_evaluator, "forget_programs", lambda: happened.append("forget"))
    monkeypatch.setattr(child_evaluator, "may_configure", lambda: True)
    monkeypatch.setattr(child_evaluator, "prepare", lambda *_, **__: happened.append("prepare"))
    space = load_space("spaces/tiny.nas")
    evaluator = ChildEvaluator(task_of(space, None), TrainingConfig())
    job = Job(0, space.decode(sample_uniform(space, np.random.default_rng(0))), seed=0)
    for _ in range(2 * CHILDREN_PER_CLEARING):
        evaluator.prepare(job)
    assert happened == 2 * ["forget", *CHILDREN_PER_CLEARING * ["prepare"]]
