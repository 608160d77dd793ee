"""Executors: where and how the children of a search are evaluated, behind one small interface.

`InlineExecutor` runs them in this process, `GroupExecutor` several by one program, `PoolExecutor` on workers: processes
of this machine, or actors of a Ray cluster.
An executor turns jobs into outcomes and never raises for a child that fails: the failure is the outcome.
"""

from nasctl.executors.group import GroupExecutor
from nasctl.executors.hand import WorkerLost
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
from nasctl.executors.machine import Machine, look
from nasctl.executors.pool import PoolExecutor
from nasctl.executors.worker_process import ProcessCrew
from nasctl.executors.workplace import Recipe, Workplace

__all__ = [
    "Evaluation",
    "Evaluator",
    "ExecutionListener",
    "Executor",
    "GroupExecutor",
    "InlineExecutor",
    "Job",
    "Machine",
    "OnEpoch",
    "Outcome",
    "PoolExecutor",
    "ProcessCrew",
    "Recipe",
    "Record",
    "Rung",
    "WorkerLost",
    "Workplace",
    "look",
]
