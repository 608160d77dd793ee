"""The engine of a search: asks for token strings, has them evaluated, tells the controller, keeps the best."""

from nasctl.engine.evaluation import FunctionEvaluator, default_dataset, import_evaluator, task_of
from nasctl.engine.loop import Listener, Search
from nasctl.engine.run import RUNS, Run, resume, search

__all__ = [
    "RUNS",
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
