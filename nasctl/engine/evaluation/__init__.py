"""How architectures are evaluated: by training a child or calling a function, in this process or in workers."""

from nasctl.engine.evaluation.execution import Execution, plan_execution
from nasctl.engine.evaluation.function_evaluator import EvaluateFunction, FunctionEvaluator, import_evaluator
from nasctl.engine.evaluation.method import Method, call_function, train_children
from nasctl.engine.evaluation.task_of_space import default_dataset, task_of

__all__ = [
    "EvaluateFunction",
    "Execution",
    "FunctionEvaluator",
    "Method",
    "call_function",
    "default_dataset",
    "import_evaluator",
    "plan_execution",
    "task_of",
    "train_children",
]
