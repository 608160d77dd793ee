"""How thoroughly XLA optimises the programs of a child: no more than its training is long enough to repay."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax

from nasctl.config import TrainingConfig
from nasctl.tasks import Task

WORTH_IT = 2_000_000
"""Positions (pixels or tokens) read in training, above which XLA's slower passes repay what they cost on a CPU."""

Options = dict[str, str | bool]

_QUICK: Options = {
    "xla_cpu_use_fusion_emitters": False,
    "xla_backend_optimization_level": "1",
    "xla_cpu_parallel_codegen_split_count": "1",
}
"""Half of the compilation, at a tenth of the speed or less: docs/performance.md has the figures."""


def compiler_options(task: Task, config: TrainingConfig) -> Options:
    """Options of XLA for the programs of a child, by the platform and the length of its training.

    The evaluation is compiled as the training is, and as it was where a checkpoint is read, so that its results are
    the same to the last digit.
    """
    if jax.default_backend() != "cpu":
        return {}
    size = 1 if task.sequential else math.prod(task.signature.input_shape[:-1])
    positions = config.epochs * len(task.splits["train"]) * size
    return _quick() if positions <= WORTH_IT else {}


def forget_programs() -> None:
    """Lets go of what JAX keeps of programs that were compiled before: children that are done do not come again."""
    programs: Any = jax
    programs.clear_caches()


@functools.cache
def _quick() -> Options:
    """Those of the options that this version of XLA has."""
    return {name: value for name, value in _QUICK.items() if _is_known(name, value)}


def _is_known(name: str, value: str | bool) -> bool:
    nothing = jax.jit(lambda: None).lower()
    try:
        nothing.compile({name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True
