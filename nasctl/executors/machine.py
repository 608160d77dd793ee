"""The hardware that children run on: processor cores or accelerators, and memory."""

from __future__ import annotations

import functools
import importlib.util
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace

from nasctl.errors import WorkFailed
from nasctl.jax_start import cannot_use
from nasctl.machine_memory import machine_memory
from nasctl.process import import_path

_ASK_JAX = """
import sys; sys.path[:] = sys.argv[1:]
import jax, json
stats = jax.local_devices()[0].memory_stats() or {}
print(json.dumps([jax.default_backend(), jax.local_device_count(), stats.get("bytes_limit", 0)]))
"""
MAX_WORKERS_PER_GPU = 4
"""Largest number of workers per GPU. On 16 cores and an H200, four trained 2.9 times as many children as one."""
CORES_PER_WORKER, BYTES_PER_WORKER = 4, 8_000_000_000
"""Processor cores and bytes of GPU memory that each worker of a GPU needs."""

_VISIBLE: Mapping[str, str] = {"gpu": "CUDA_VISIBLE_DEVICES", "tpu": "TPU_VISIBLE_CHIPS"}
"""The environment variable that lists the devices that a process may use."""


@dataclass(frozen=True)
class Machine:
    """The hardware that children run on.

    Attributes:
      platform: `cpu`, `gpu` or `tpu`.
      slots: Number of accelerators, or of cores if the platform is `cpu`.
      bytes: Memory of one accelerator, or of the machine if the platform is `cpu`; 0 if it is not known.
      cores: Number of processor cores.
    """

    platform: str
    slots: int
    bytes: int
    cores: int

    @property
    def workers(self) -> int:
        """The default number of workers.

        One for each core or TPU, as processes cannot share a TPU. Several for each GPU: while one child trains, others
        are traced and compiled, which takes longer.
        """
        if self.platform != "gpu":
            return self.slots
        return self.slots * max(
            1,
            min(
                MAX_WORKERS_PER_GPU,
                self.cores // self.slots // CORES_PER_WORKER,
                self.bytes // BYTES_PER_WORKER,
            ),
        )

    def environment(self, worker: int) -> Mapping[str, str]:
        """Environment variables that assign a worker to a device; several workers may share one."""
        if self.platform == "cpu":
            return {}
        visible = os.environ.get(_VISIBLE[self.platform], "")
        names = visible.split(",") if visible else [str(slot) for slot in range(self.slots)]
        return {
            _VISIBLE[self.platform]: names[worker % len(names)],
            "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
        }

    def limited(self, gigabytes: float) -> Machine:
        """The machine with at most so much memory, or memory of each accelerator; the whole machine if it is 0."""
        limit = int(gigabytes * 1e9)
        return replace(self, bytes=min(self.bytes or limit, limit)) if limit else self

    def share(self, workers: int) -> int:
        """Bytes of memory for each worker, given the number of workers; 0 if it is not known."""
        return self.bytes // (workers if self.platform == "cpu" else -(-workers // self.slots))


@functools.cache
def detect_machine() -> Machine:
    """The hardware of this machine.

    If a JAX plug-in for an accelerator is installed, a subprocess asks JAX which devices there are, so that this
    process does not occupy a device that its workers need. The result is cached.

    Raises:
      NasctlError: `JAX_PLATFORMS` names a device that JAX cannot use.
      WorkFailed: A plug-in is installed, but JAX cannot start.
    """
    if os.environ.get("JAX_PLATFORMS", "") == "cpu" or not _has_plugin():
        return detect_processor()
    command = [sys.executable, "-P", "-c", _ASK_JAX, *import_path()]
    answer = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
    if answer.returncode:
        said = (answer.stderr.strip().splitlines() or ["?"])[-1]
        if platforms := os.environ.get("JAX_PLATFORMS"):
            raise cannot_use(platforms, said)
        raise WorkFailed(
            f"JAX cannot use the device of this machine: {said}",
            hint="set JAX_PLATFORMS=cpu to search without it",
        )
    platform, devices, limit = json.loads(answer.stdout.strip().splitlines()[-1])
    return detect_processor() if platform == "cpu" else Machine(platform, devices, limit, _cores())


def detect_processor() -> Machine:
    """The processor of this machine and its memory; does not look for accelerators."""
    return Machine("cpu", _cores(), machine_memory(), _cores())


def _has_plugin() -> bool:
    if importlib.util.find_spec("libtpu") is not None:
        return True
    spec = importlib.util.find_spec("jax_plugins")
    return spec is not None and any(pkgutil.iter_modules(spec.submodule_search_locations))


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
