"""How all tests run: on the CPU, one thread a process, in programs that XLA compiles quickly and compiles once."""

from __future__ import annotations

import os
import shutil
import tempfile
from importlib.metadata import version
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

# A GPU rounds products differently from the references.
os.environ.setdefault("JAX_PLATFORMS", "cpu")

# Each test process uses one core: pytest-xdist starts a process for each core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
ONE_THREAD = "--xla_cpu_multi_thread_eigen=false"

# The programs of the tests are small and run a few times, so compiling them is most of the work. Without optimisations
# XLA compiles them in an eighth of the time, with JAX 0.11 in half of it. Set XLA_FLAGS to test with optimisations.
COMPILE_QUICKLY = [
    "--xla_backend_optimization_level=0",
    "--xla_llvm_disable_expensive_passes=true",
    "--xla_cpu_parallel_codegen_split_count=1",
]
if version("jaxlib").startswith("0.10."):
    COMPILE_QUICKLY.append("--xla_cpu_use_fusion_emitters=false")  # later versions have no other emitters
os.environ.setdefault("XLA_FLAGS", " ".join([ONE_THREAD, *COMPILE_QUICKLY]))

# The shapes and types in the signatures of these packages are checked at every call, in the test process alone.
install_import_hook(
    ["nasctl.lowering", "nasctl.tasks", "nasctl.controllers", "nasctl.training"], "shape_checks.check"
)

COMPILED_OF_THIS_RUN = pytest.StashKey[Path]()


def pytest_configure(config: pytest.Config) -> None:
    """Gives all processes of a test run one folder of compiled programs; the user's cache is not changed."""
    if "JAX_COMPILATION_CACHE_DIR" not in os.environ:
        folder = Path(tempfile.mkdtemp(prefix="nasctl-tests-"))
        config.stash[COMPILED_OF_THIS_RUN] = folder
        os.environ["JAX_COMPILATION_CACHE_DIR"] = str(folder)


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = config.stash.get(COMPILED_OF_THIS_RUN, None)
    if folder is not None:
        del os.environ["JAX_COMPILATION_CACHE_DIR"]
        shutil.rmtree(folder, ignore_errors=True)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """A run of single files stays in one process; a run of folders uses all cores."""
    files = [argument.partition("::")[0] for argument in config.args]
    return 0 if all(file.endswith(".py") for file in files) else None
