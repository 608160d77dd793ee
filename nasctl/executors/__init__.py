"""Executors: where and how the children of a search are evaluated, behind one small interface.

`InlineExecutor` runs them in this process. An executor turns jobs into outcomes and never raises for a child
that fails: the failure is the outcome.
"""

from nasctl.executors.group import GroupExecutor
from nasctl.executors.inline import InlineExecutor
from nasctl.executors.job import Evaluation, Evaluator, Executor, Job, Outcome

__all__ = ["Evaluation", "Evaluator", "Executor", "GroupExecutor", "InlineExecutor", "Job", "Outcome"]
