"""Executors: where and how the children of a search are evaluated, behind one small interface.

`InlineExecutor` runs them in this process, `GroupExecutor` several by one program, `LocalExecutor` in worker processes.
An executor turns jobs into outcomes and never raises for a child that fails: the failure is the outcome.
"""

from nasctl.executors.group import GroupExecutor
from nasctl.executors.inline import InlineExecutor
from nasctl.executors.job import (
    Evaluation,
    Evaluator,
    ExecutionListener,
    Executor,
    Job,
    OnEpoch,
    Outcome,
    Record,
    Rung,
)
from nasctl.executors.local import Limits, LocalExecutor
from nasctl.executors.machine import Machine, look
from nasctl.executors.worker_process import WorkerLost
from nasctl.executors.workplace import Recipe, Workplace

__all__ = [
    "Evaluation",
    "Evaluator",
    "ExecutionListener",
    "Executor",
    "GroupExecutor",
    "InlineExecutor",
    "Job",
    "Limits",
    "LocalExecutor",
    "Machine",
    "OnEpoch",
    "Outcome",
    "Recipe",
    "Record",
    "Rung",
    "WorkerLost",
    "Workplace",
    "look",
]
