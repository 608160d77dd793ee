"""The engine of a search: proposes architectures, evaluates them, trains the controller and keeps the best network."""

from nasctl.engine.evaluation import FunctionEvaluator, default_dataset, import_evaluator, task_of
from nasctl.engine.loop import Listener, Search
from nasctl.engine.run import Run, resume, search

__all__ = [
    "FunctionEvaluator",
    "Listener",
    "Run",
    "Search",
    "default_dataset",
    "import_evaluator",
    "resume",
    "search",
    "task_of",
]
