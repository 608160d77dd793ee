"""Which programs train a child: those for examples in any order, or those for a text."""

from __future__ import annotations

from typing import Any

from nasctl.config import TrainingConfig
from nasctl.tasks import Task
from nasctl.training.epoch import Programs, Weights, make_programs
from nasctl.training.streams import make_stream_programs


def programs_for(network: Any, task: Task, config: TrainingConfig) -> tuple[Programs, Weights]:
    """The programs of a network on a task, and its weights as they are now."""
    make = make_stream_programs if task.sequential else make_programs
    return make(network, task, config)
