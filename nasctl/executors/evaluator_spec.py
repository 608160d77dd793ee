"""How a worker makes the evaluator of a run before its first job: a function and JSON values."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nasctl.executors.job import Evaluator
from nasctl.space import Space


class EvaluationContext(NamedTuple):
    """The space and the evaluator with which a worker evaluates jobs.

    Attributes:
      space: Decodes the token strings of jobs.
      evaluator: Evaluates them.
    """

    space: Space
    evaluator: Evaluator


@dataclass(frozen=True)
class EvaluatorSpec:
    """The specification from which any process can make the evaluation context of a run.

    Attributes:
      maker: `MODULE:FUNCTION`, the function that returns the `EvaluationContext`.
      arguments: Keyword arguments of the function, as JSON values.
    """

    maker: str
    arguments: Mapping[str, Any]

    def make(self) -> EvaluationContext:
        """Makes the evaluation context in this process."""
        module, _, function = self.maker.partition(":")
        make: Callable[..., EvaluationContext] = getattr(importlib.import_module(module), function)
        return make(**self.arguments)
