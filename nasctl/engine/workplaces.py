"""What the processes of a run evaluate architectures with, made from plain values so that any process can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nasctl.config import TrainingConfig
from nasctl.dialects import parse_space
from nasctl.engine.child_evaluator import ChildEvaluator
from nasctl.engine.function_evaluator import import_evaluator
from nasctl.engine.task_of_space import task_of
from nasctl.executors import Recipe, Workplace
from nasctl.space import Space


def children(space: Space, dataset: str, data_dir: Path | None, training: TrainingConfig) -> Recipe:
    """The recipe of a workplace where children are trained."""
    arguments = {
        **_space_arguments(space),
        "dataset": dataset,
        "data_dir": None if data_dir is None else str(data_dir.resolve()),
        "training": asdict(training),
    }
    return Recipe(f"{__name__}:{make_children.__name__}", arguments)


def function(space: Space, reference: str) -> Recipe:
    """The recipe of a workplace where a function, `MODULE:FUNCTION`, gives the reward."""
    return Recipe(f"{__name__}:{make_function.__name__}", {**_space_arguments(space), "reference": reference})


def make_children(
    text: str, name: str, dataset: str, data_dir: str | None, training: Mapping[str, Any]
) -> Workplace:
    """A workplace where children are trained."""
    space = parse_space(text, name=name)
    task = task_of(space, dataset, data_dir=None if data_dir is None else Path(data_dir))
    return Workplace(space, ChildEvaluator(task, TrainingConfig(**training)))


def make_function(text: str, name: str, reference: str) -> Workplace:
    """A workplace where a function gives the reward."""
    return Workplace(parse_space(text, name=name), import_evaluator(reference))


def _space_arguments(space: Space) -> dict[str, str]:
    return {"text": space.source, "name": space.name}
