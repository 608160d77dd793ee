"""What a worker process is told to make before its first job: the evaluator of a run, from plain JSON values."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nasctl.executors.job import Evaluator
from nasctl.space import Space


class EvaluationContext(NamedTuple):
    """What jobs are evaluated with.

    Attributes:
      space: Decodes the token strings of jobs.
      evaluator: Evaluates them.
    """

    space: Space
    evaluator: Evaluator


@dataclass(frozen=True)
class EvaluatorSpec:
    """How any process makes the context of a run.

    Attributes:
      maker: `MODULE:FUNCTION` that takes the arguments by name and returns a `EvaluationContext`.
      arguments: JSON values.
    """

    maker: str
    arguments: Mapping[str, Any]

    def make(self) -> EvaluationContext:
        """Makes it in this process."""
        module, _, function = self.maker.partition(":")
        make: Callable[..., EvaluationContext] = getattr(importlib.import_module(module), function)
        return make(**self.arguments)
