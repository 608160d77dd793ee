"""How thoroughly XLA optimises the programs of a child: no more than its training is long enough to repay."""

from __future__ import annotations

import functools
import math
from typing import Any

import jax

from nasctl.config import TrainingConfig
from nasctl.tasks import Task
from nasctl.training.programs import Programs, make_programs
from nasctl.training.streams import make_stream_programs
from nasctl.training.weights import Weights

Options = dict[str, str | bool]

_LESS: Options = {"xla_backend_optimization_level": "1", "xla_cpu_parallel_codegen_split_count": "1"}

_IMAGES: Options = {
    **_LESS,
    "xla_cpu_use_fusion_emitters": False,
    "xla_cpu_experimental_ynn_fusion_type": ",".join(
        f"LIBRARY_FUSION_TYPE_{kind}" for kind in ("DOT", "REDUCE", "ELTWISE")
    ),
}
"""Half of the compilation, for a tenth of the speed at most: docs/performance.md has the figures."""

_FIRST_PLAN: Options = {"xla_gpu_exclude_nondeterministic_ops": True}
"""Each convolution by the plan that cuDNN puts first, not by the fastest, for which all are compiled and timed: a fifth
of the compilation, for a fifth of the speed at most."""

_TEXT: Options = {**_LESS, "xla_cpu_prefer_vector_width": "512"}
"""What is left out does not pay for a recurrent network however long it is trained; a step is a twentieth faster."""

_ON_IMAGES: dict[str, tuple[int, Options]] = {
    "cpu": (2_000_000, _IMAGES),
    "gpu": (3_000_000_000, _FIRST_PLAN),
}
"""Pixels read in training, up to which it does not repay what XLA does by itself, and what to do instead."""


def programs_for(network: Any, task: Task, config: TrainingConfig) -> tuple[Programs, Weights]:
    """The programs of a network on a task, and its weights as they are now."""
    make = make_stream_programs if task.sequential else make_programs
    return make(network, task, config)


def compiler_options(task: Task, config: TrainingConfig) -> Options:
    """Options of XLA for the programs of a child, by the platform and the length of its training.

    The evaluation is compiled as the training is, and as it was where a checkpoint is read, so that its results are
    the same to the last digit.
    """
    platform = jax.default_backend()
    if task.sequential:
        return _known(_TEXT) if platform == "cpu" else {}
    positions = config.epochs * len(task.splits["train"]) * math.prod(task.signature.input_shape[:-1])
    limit, options = _ON_IMAGES.get(platform, (0, {}))
    return _known(options) if positions <= limit else {}


def forget_programs() -> None:
    """Lets go of what JAX keeps of programs that were compiled before: children that are done do not come again."""
    programs: Any = jax
    programs.clear_caches()


def _known(options: Options) -> Options:
    """Those of the options that this version of XLA has."""
    return {name: value for name, value in options.items() if _is_known(name, value)}


@functools.cache
def _is_known(name: str, value: str | bool) -> bool:
    nothing = jax.jit(lambda: None).lower()
    try:
        nothing.compile({name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True
