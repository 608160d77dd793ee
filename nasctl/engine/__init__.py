"""The engine of a search: asks for token strings, has them evaluated, tells the controller, keeps the best."""

from nasctl.engine.function_evaluator import FunctionEvaluator, import_evaluator
from nasctl.engine.listener import Listener
from nasctl.engine.loop import Search
from nasctl.engine.run import RUNS, Run, resume, search
from nasctl.engine.task_of_space import default_dataset, task_of

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
