"""Executors: where and how the children of a search are evaluated, behind one small interface.

`InlineExecutor` runs them in this process, `GroupExecutor` several by one program, `PoolExecutor` on workers: processes
of this machine, or actors of a Ray cluster.
An executor turns jobs into outcomes and never raises for a child that fails: the failure is the outcome.
"""

from nasctl.executors.evaluator_spec import EvaluationContext, EvaluatorSpec
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
    Rung,
)
from nasctl.executors.machine import Machine, detect_machine, detect_processor
from nasctl.executors.pool import PoolExecutor
from nasctl.executors.process_backend import ProcessBackend
from nasctl.executors.worker_handle import WorkerLost

__all__ = [
    "Evaluation",
    "EvaluationContext",
    "Evaluator",
    "EvaluatorSpec",
    "ExecutionListener",
    "Executor",
    "GroupExecutor",
    "InlineExecutor",
    "Job",
    "Machine",
    "OnEpoch",
    "Outcome",
    "PoolExecutor",
    "ProcessBackend",
    "Rung",
    "WorkerLost",
    "detect_machine",
    "detect_processor",
]
