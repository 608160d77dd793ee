"""The caches that a worker keeps between children."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import load_space
from nasctl.engine import task_of
from nasctl.engine.evaluation import child_evaluator
from nasctl.engine.evaluation.child_evaluator import CHILDREN_PER_CLEARING, ChildEvaluator
from nasctl.engine.evaluation.method import train_children
from nasctl.errors import NasctlError
from nasctl.executors import Job
from nasctl.settings import resolve
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


def test_a_worker_that_reads_other_examples_than_the_search_does_not_start(tmp_path: Path) -> None:
    def write(seed: int) -> None:
        pixels = np.random.default_rng(seed).integers(0, 255, (20, 4, 4), dtype=np.uint8)
        labels = np.arange(20) % 2
        np.savez(tmp_path / "a.npz", x_train=pixels, y_train=labels, x_test=pixels, y_test=labels)

    write(0)
    space = load_space("spaces/tiny.nas")
    spec = train_children(space, resolve(space.defaults), str(tmp_path / "a.npz"), None).spec()
    assert spec.make().space.hash == space.hash
    write(1)
    with pytest.raises(NasctlError, match="reads other examples from the data set"):
        spec.make()


def test_only_language_models_are_trained_in_groups() -> None:
    text = train_children(load_space("spaces/rnn.nas"), resolve(), "pydoc", None)
    assert text.can_group
    assert not replace(text, task=task_of(load_space("spaces/tiny.nas"), None)).can_group
