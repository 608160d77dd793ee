"""How a child's programs are compiled: which functions, and how thoroughly XLA optimises them.

A better optimised program takes longer to compile, which pays off only if the training is long enough.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import jax

from nasctl.config import TrainingConfig
from nasctl.input_kind import InputKind
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
"""Halves the time to compile and makes a step at most a tenth slower (docs/performance.md)."""

_FIRST_PLAN: Options = {"xla_gpu_exclude_nondeterministic_ops": True}
"""Takes the plan that cuDNN ranks first for each convolution. By default, XLA compiles and times all plans.

This divides the time to compile by five and makes a step at most a fifth slower.
"""

_RECURRENT: Options = {**_LESS, "xla_cpu_prefer_vector_width": "512"}
"""Compiles a recurrent network faster than XLA's defaults, and makes its steps a twentieth faster."""

_ON_IMAGES: dict[str, tuple[int, Options]] = {
    "cpu": (2_000_000, _IMAGES),
    "gpu": (3_000_000_000, _FIRST_PLAN),
}
"""By platform: the number of pixels read in a training up to which XLA's defaults do not pay off, and the options that
are used instead."""


def programs_for(network: Any, task: Task, config: TrainingConfig) -> tuple[Programs, Weights]:
    """The programs of a network on a task, sequential or not, and the network's weights."""
    make = make_stream_programs if task.sequential else make_programs
    return make(network, task, config)


def compiler_options(task: Task, config: TrainingConfig) -> Options:
    """Compiler options of XLA for a child's programs, by the platform and the length of the training.

    The evaluation is compiled with the same options as the training, also when it evaluates a checkpoint. So its
    results are the same to the last digit.
    """
    platform = jax.default_backend()
    if task.kind is not InputKind.IMAGE:
        return _known(_RECURRENT) if platform == "cpu" else {}
    positions = config.epochs * len(task.splits["train"]) * math.prod(task.signature.input_shape[:-1])
    limit, options = _ON_IMAGES.get(platform, (0, {}))
    return _known(options) if positions <= limit else {}


def forget_programs() -> None:
    """Clears JAX's in-memory caches of traced and compiled functions: those of finished children are not used again."""
    programs: Any = jax
    programs.clear_caches()


def _known(options: Options) -> Options:
    """The options that this version of XLA knows."""
    return {name: value for name, value in options.items() if _is_known(name, value)}


@functools.cache
def _is_known(name: str, value: str | bool) -> bool:
    nothing = jax.jit(lambda: None).lower()
    try:
        nothing.compile({name: value})
    except jax.errors.JaxRuntimeError:
        return False
    return True
