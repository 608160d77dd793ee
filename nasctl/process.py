"""What nasctl may change about the process that it runs in: threads, memory allocator, caches, import path.

nasctl does not change a process that only imports it as a library. The command line and worker processes allow it with
`allow_configuration`. A user of the library who wants the same calls `configure_process`.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from nasctl.cache import cache_folder, create_private, is_private, refuse

_THREADS = "--xla_cpu_multi_thread_eigen"

ONE_THREAD = f"{_THREADS}=false"
"""The flag of XLA with which one core trains a child."""

# Names and values of mallopt in glibc's <malloc.h>, and the environment variables that glibc reads at the start
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_MAX, _M_ARENA_MAX = -1, -2, -4, -8
_NEVER = -1  # read as an unsigned size, the largest threshold
_KEEP_FREED_MEMORY = {
    _M_MMAP_MAX: ("MALLOC_MMAP_MAX_", 0),
    _M_ARENA_MAX: ("MALLOC_ARENA_MAX", 1),
    _M_TRIM_THRESHOLD: ("MALLOC_TRIM_THRESHOLD_", _NEVER),
    _M_TOP_PAD: ("MALLOC_TOP_PAD_", 64 * 2**20),
}

_may_configure = False


def configure_process() -> None:
    """Configures this process for training children, as the command line does.

    Call it before JAX computes anything. Calling it again has no effect. Without it, `nasctl.search` changes neither
    environment variables nor JAX's configuration nor any other state of the calling process.

    - XLA uses one thread: on a CPU, one core trains a small child fastest. XLA reads its flags once, when JAX starts.
      A number of threads that is set in `XLA_FLAGS` is kept.
    - glibc keeps freed memory in the process. Otherwise the system takes XLA's temporary buffers back at every step,
      and up to half of a step goes into page faults.
    - Compiled programs are cached in nasctl's cache folder, unless `JAX_COMPILATION_CACHE_DIR` names another.
    - From then on, a search clears JAX's in-memory caches from time to time, keeps the current folder on `sys.path`
      once it has imported an evaluator, and leaves accelerators to its worker processes.
    """
    allow_configuration()
    os.environ["XLA_FLAGS"] = _one_thread(os.environ.get("XLA_FLAGS", ""))
    _keep_freed_memory()
    cache_compilations(cache_folder() / "compiled")


def allow_configuration() -> None:
    """Allows nasctl to configure this process later, when it trains children."""
    global _may_configure
    _may_configure = True


def may_configure() -> bool:
    """Whether nasctl may configure this process."""
    return _may_configure


def prepare_to_train() -> None:
    """Configures this process for training, if `may_configure()`."""
    if _may_configure:
        configure_process()


def leave_devices_to_workers() -> None:
    """Keeps JAX on the CPU in this process, if `may_configure()`, so that its workers can use the accelerators."""
    if _may_configure:
        import jax

        settings: Any = jax.config
        settings.update("jax_platforms", "cpu")


@contextmanager
def importable(folder: Path) -> Iterator[None]:
    """Appends a folder to `sys.path`, and removes it after the block unless `may_configure()`.

    As the folder comes last, none of its files is imported instead of a standard or installed module.
    """
    if str(folder) in sys.path:
        yield
        return
    sys.path.append(str(folder))
    try:
        yield
    finally:
        if not _may_configure:
            with suppress(ValueError):
                sys.path.remove(str(folder))


def import_path() -> list[str]:
    """The import path of this process, as absolute paths, for a process that it starts.

    An interactive interpreter has the current folder on its path as an empty string; it becomes the last entry.
    """
    entries = [os.path.abspath(entry) for entry in sys.path if entry]
    return list(dict.fromkeys([*entries, *([os.getcwd()] if "" in sys.path else [])]))


def worker_environment() -> Mapping[str, str]:
    """Environment variables for a process that trains one child at a time on one core.

    They have the effect of `configure_process` from the first allocation on, and limit the threads of other libraries
    too. Merge them over the environment of the process that starts the worker.
    """
    return {
        "XLA_FLAGS": _one_thread(os.environ.get("XLA_FLAGS", "")),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **{name: str(value) for name, value in _KEEP_FREED_MEMORY.values()},
    }


def cache_compilations(folder: Path) -> None:
    """Caches every compiled program in a folder, however quickly it was compiled.

    A folder that `JAX_COMPILATION_CACHE_DIR` names takes precedence. Otherwise `folder` is created, and is not used if
    others can write to it: JAX runs the machine code that it finds there.
    """
    import jax

    settings: Any = jax.config
    if (
        not settings.jax_compilation_cache_dir
        and settings.jax_enable_compilation_cache
        and _is_usable(folder)
    ):
        settings.update("jax_compilation_cache_dir", str(folder))
    settings.update("jax_persistent_cache_min_compile_time_secs", 0)
    settings.update("jax_persistent_cache_min_entry_size_bytes", -1)


def _is_usable(folder: Path) -> bool:
    try:
        create_private(folder)
    except OSError as error:
        return refuse(folder, error.strerror or str(error))
    return is_private(folder)


def _one_thread(flags: str) -> str:
    return flags if _THREADS in flags else f"{flags} {ONE_THREAD}".strip()


def _keep_freed_memory() -> None:
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError):  # another C library
        return
    for option, (_, value) in _KEEP_FREED_MEMORY.items():
        mallopt(option, value)
