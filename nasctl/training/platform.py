"""The settings of the process in which children are trained: threads, memory allocator, compilation cache."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nasctl.cache import cache_folder

_THREADS = "--xla_cpu_multi_thread_eigen"

# Names and values of mallopt in glibc's <malloc.h>, and of the variables that it reads when a process starts
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_NEVER = -1  # as a size it is the largest of all
_KEEP_FREED_MEMORY = {
    _M_MMAP_MAX: ("MALLOC_MMAP_MAX_", 0),
    _M_ARENA_MAX: ("MALLOC_ARENA_MAX", 1),
    _M_TRIM_THRESHOLD: ("MALLOC_TRIM_THRESHOLD_", _NEVER),
    _M_TOP_PAD: ("MALLOC_TOP_PAD_", 64 * 2**20),
}


def configure_platform() -> None:
    """Prepares the process for training; call it before JAX computes anything. Calling it again does nothing.

    - One thread of XLA's: on CPU a small child is trained fastest by one core. XLA reads its flags once, when JAX
      starts; a person who sets the number of threads in `XLA_FLAGS` has their way.
    - Freed memory stays with the process, on glibc: giving XLA's temporaries back to the system at every step
      costs up to half of it in page faults.
    - Compiled programs are kept in nasctl's cache.
    """
    os.environ["XLA_FLAGS"] = _one_thread(os.environ.get("XLA_FLAGS", ""))
    _keep_freed_memory()
    cache_compilations(cache_folder() / "compiled")


def worker_environment() -> Mapping[str, str]:
    """The variables with which to start a process that trains one child at a time on one core.

    They say what `configure_platform` says, from the first allocation on, and the same to the libraries beside
    XLA. To be laid over the environment of the process that starts it.
    """
    return {
        "XLA_FLAGS": _one_thread(os.environ.get("XLA_FLAGS", "")),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **{name: str(value) for name, value in _KEEP_FREED_MEMORY.values()},
    }


def cache_compilations(folder: Path) -> None:
    """Keeps compiled programs in a folder, however quickly they were compiled, so that no process repeats one.

    A folder that the person set for JAX (`JAX_COMPILATION_CACHE_DIR`) is used instead.
    """
    import jax

    settings: Any = jax.config
    if not settings.jax_compilation_cache_dir:
        settings.update("jax_compilation_cache_dir", str(folder))
    settings.update("jax_persistent_cache_min_compile_time_secs", 0)
    settings.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _one_thread(flags: str) -> str:
    return flags if _THREADS in flags else f"{flags} {_THREADS}=false".strip()


def _keep_freed_memory() -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for option, (_, value) in _KEEP_FREED_MEMORY.items():
        mallopt(option, value)
