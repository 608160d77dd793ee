"""The settings of the process in which children are trained: threads, memory allocator, compilation cache."""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path
from typing import Any

from nasctl.cache import cache_folder

_ONE_CORE_A_CHILD = "--xla_cpu_multi_thread_eigen=false"

# Names and values of mallopt in glibc's <malloc.h>
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8


def configure_platform() -> None:
    """Prepares the process for training; call it before JAX computes anything. Calling it again does nothing.

    On CPU a small child is trained fastest by one core: two threads on one lose. XLA's flags are read once, when
    JAX starts, and are left alone where the person set `XLA_FLAGS`. On glibc, freed memory stays with the process:
    giving XLA's temporaries back to the system at every step costs up to half of it in page faults.
    """
    os.environ.setdefault("XLA_FLAGS", _ONE_CORE_A_CHILD)
    _keep_freed_memory()
    cache_compilations(cache_folder() / "compiled")


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


def _keep_freed_memory() -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(_M_MMAP_MAX, 0)
    mallopt(_M_ARENA_MAX, 1)
    mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)
    mallopt(_M_TOP_PAD, 64 * 2**20)
