"""What a worker process is told to make before its first job: the evaluator of a run, from plain JSON values."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from nasctl.executors.job import Evaluator
from nasctl.space import Space


class Workplace(NamedTuple):
    """What jobs are evaluated with.

    Attributes:
      space: Decodes the token strings of jobs.
      evaluator: Evaluates them.
    """

    space: Space
    evaluator: Evaluator


@dataclass(frozen=True)
class Recipe:
    """How any process makes the workplace of a run.

    Attributes:
      maker: `MODULE:FUNCTION` that takes the arguments by name and returns a `Workplace`.
      arguments: JSON values.
    """

    maker: str
    arguments: Mapping[str, Any]

    def make(self) -> Workplace:
        """Makes it in this process."""
        module, _, function = self.maker.partition(":")
        make: Callable[..., Workplace] = getattr(importlib.import_module(module), function)
        return make(**self.arguments)
