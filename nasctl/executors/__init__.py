"""Executors: where and how the children of a search are evaluated, behind one small interface.

`InlineExecutor` evaluates one child after the other in this process, `GroupExecutor` several at once with one program.
`PoolExecutor` uses workers: processes on this machine, or actors of a Ray cluster.

An executor turns jobs into outcomes. A child that fails does not raise an error: its failure is its outcome.
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
