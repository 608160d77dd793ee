"""The engine of a search: proposes architectures, evaluates them, trains the controller and keeps the best network."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from nasctl.engine.evaluation.function_evaluator import FunctionEvaluator, import_evaluator
    from nasctl.engine.evaluation.task_of_checkpoint import task_of_checkpoint
    from nasctl.engine.evaluation.task_of_space import default_dataset, info_of, task_of
    from nasctl.engine.loop import Listener, Search
    from nasctl.engine.retraining import recorded_data, recorded_training, run_of, task_to_train
    from nasctl.engine.run import Run, resume, search

__all__ = [
    "FunctionEvaluator",
    "Listener",
    "Run",
    "Search",
    "default_dataset",
    "import_evaluator",
    "info_of",
    "recorded_data",
    "recorded_training",
    "resume",
    "run_of",
    "search",
    "task_of",
    "task_of_checkpoint",
    "task_to_train",
]

_MODULES = {
    "FunctionEvaluator": "nasctl.engine.evaluation.function_evaluator",
    "Listener": "nasctl.engine.loop",
    "Run": "nasctl.engine.run",
    "Search": "nasctl.engine.loop",
    "default_dataset": "nasctl.engine.evaluation.task_of_space",
    "import_evaluator": "nasctl.engine.evaluation.function_evaluator",
    "info_of": "nasctl.engine.evaluation.task_of_space",
    "recorded_data": "nasctl.engine.retraining",
    "recorded_training": "nasctl.engine.retraining",
    "resume": "nasctl.engine.run",
    "run_of": "nasctl.engine.retraining",
    "search": "nasctl.engine.run",
    "task_of": "nasctl.engine.evaluation.task_of_space",
    "task_of_checkpoint": "nasctl.engine.evaluation.task_of_checkpoint",
    "task_to_train": "nasctl.engine.retraining",
}


def __getattr__(name: str) -> Any:
    """Imports a name when it is first used, so that workers that call a function start without JAX."""
    if name not in _MODULES:
        raise AttributeError(f"module 'nasctl.engine' has no attribute {name!r}")
    return getattr(import_module(_MODULES[name]), name)
