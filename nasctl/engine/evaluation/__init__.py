"""How architectures are evaluated: by training a child or calling a function, in this process or in workers."""

from nasctl.engine.evaluation.execution import Execution, of_children, of_function
from nasctl.engine.evaluation.function_evaluator import EvaluateFunction, FunctionEvaluator, import_evaluator
from nasctl.engine.evaluation.task_of_space import default_dataset, task_of

__all__ = [
    "EvaluateFunction",
    "Execution",
    "FunctionEvaluator",
    "default_dataset",
    "import_evaluator",
    "of_children",
    "of_function",
    "task_of",
]
