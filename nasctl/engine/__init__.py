"""The engine of a search: asks for token strings, has them evaluated, tells the controller, keeps the best."""

from nasctl.engine.children import ChildEvaluator
from nasctl.engine.functions import FunctionEvaluator, import_evaluator
from nasctl.engine.listener import Listener
from nasctl.engine.loop import Search
from nasctl.engine.run import DEFAULT_DATASET, RUNS, Run, resume, search

__all__ = [
    "DEFAULT_DATASET",
    "RUNS",
    "ChildEvaluator",
    "FunctionEvaluator",
    "Listener",
    "Run",
    "Search",
    "import_evaluator",
    "resume",
    "search",
]
