"""What the processes of a run evaluate architectures with, made from plain values so that any process can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nasctl.config import TrainingConfig
from nasctl.dialects import parse_space
from nasctl.engine.evaluation.child_evaluator import ChildEvaluator
from nasctl.engine.evaluation.function_evaluator import import_evaluator
from nasctl.engine.evaluation.task_of_space import task_of
from nasctl.executors import EvaluationContext, EvaluatorSpec
from nasctl.space import Space


def children(space: Space, dataset: str, data_dir: Path | None, training: TrainingConfig) -> EvaluatorSpec:
    """The spec of a context where children are trained."""
    arguments = {
        **_space_arguments(space),
        "dataset": dataset,
        "data_dir": None if data_dir is None else str(data_dir.resolve()),
        "training": asdict(training),
    }
    return EvaluatorSpec(f"{__name__}:{make_children.__name__}", arguments)


def function(space: Space, reference: str) -> EvaluatorSpec:
    """The spec of a context where a function, `MODULE:FUNCTION`, gives the reward."""
    return EvaluatorSpec(
        f"{__name__}:{make_function.__name__}", {**_space_arguments(space), "reference": reference}
    )


def make_children(
    text: str, name: str, dataset: str, data_dir: str | None, training: Mapping[str, Any]
) -> EvaluationContext:
    """A context where children are trained."""
    space = parse_space(text, name=name)
    task = task_of(space, dataset, data_dir=None if data_dir is None else Path(data_dir))
    return EvaluationContext(space, ChildEvaluator(task, TrainingConfig(**training)))


def make_function(text: str, name: str, reference: str) -> EvaluationContext:
    """A context where a function gives the reward."""
    return EvaluationContext(parse_space(text, name=name), import_evaluator(reference))


def _space_arguments(space: Space) -> dict[str, str]:
    return {"text": space.source, "name": space.name}
