import os
import subprocess
import sys
from pathlib import Path

import pytest


def run(program: str, **environment: str) -> str:
    return subprocess.run(
        [sys.executable, "-c", program],
        env={**{name: value for name, value in os.environ.items() if name != "XLA_FLAGS"}, **environment},
        capture_output=True,
        text=True,
        check=True,
    ).stdout


PROGRAM = """
import os
from nasctl.training import configure_platform
configure_platform()
configure_platform()
import jax
print(os.environ["XLA_FLAGS"], jax.config.jax_compilation_cache_dir, sep="\\n")
"""


def test_flags_and_cache_are_set(tmp_path: Path) -> None:
    flags, cache = run(PROGRAM, XDG_CACHE_HOME=str(tmp_path), JAX_COMPILATION_CACHE_DIR="").splitlines()
    assert flags == "--xla_cpu_multi_thread_eigen=false"
    assert Path(cache) == tmp_path / "nasctl" / "compiled"


def test_what_the_person_set_is_left_alone() -> None:
    flags, cache = run(
        PROGRAM, XLA_FLAGS="--xla_cpu_multi_thread_eigen=true", JAX_COMPILATION_CACHE_DIR="/elsewhere"
    ).splitlines()
    assert flags == "--xla_cpu_multi_thread_eigen=true"
    assert cache == "/elsewhere"


@pytest.mark.slow
def test_compiled_programs_are_found_by_the_next_process(tmp_path: Path) -> None:
    program = PROGRAM + "print(jax.jit(lambda x: x * 2 + 1)(jax.numpy.ones(3)))"
    run(program, XDG_CACHE_HOME=str(tmp_path), JAX_COMPILATION_CACHE_DIR="")
    kept = {
        path.name for path in (tmp_path / "nasctl" / "compiled").iterdir() if path.name.endswith("-cache")
    }
    assert kept
    run(program, XDG_CACHE_HOME=str(tmp_path), JAX_COMPILATION_CACHE_DIR="")
    assert kept == {
        path.name for path in (tmp_path / "nasctl" / "compiled").iterdir() if path.name.endswith("-cache")
    }
