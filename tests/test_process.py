import os
import platform
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from nasctl.process import worker_environment


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
from nasctl.process import configure_process
configure_process()
configure_process()
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


def test_other_flags_of_the_person_are_kept() -> None:
    flags = run(PROGRAM, XLA_FLAGS="--xla_cpu_enable_fast_math=false").splitlines()[0]
    assert flags == "--xla_cpu_enable_fast_math=false --xla_cpu_multi_thread_eigen=false"


def test_a_worker_is_told_from_its_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_enable_fast_math=false")
    told = worker_environment()
    assert told["XLA_FLAGS"] == "--xla_cpu_enable_fast_math=false --xla_cpu_multi_thread_eigen=false"
    assert told["OMP_NUM_THREADS"] == "1"
    assert told["MALLOC_MMAP_MAX_"] == "0"
    assert run(PROGRAM, **told).splitlines()[0] == told["XLA_FLAGS"]


FREED = """
import ctypes, os, sys
from nasctl.process import configure_process
if "configured" in sys.argv: configure_process()
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
def resident():
    return int(open("/proc/self/statm").read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
before = resident()
block = libc.malloc(3 * 2**30)  # more than a threshold of type int can express
ctypes.memset(block, 1, 2**27)
libc.free(block)
print(resident() - before > 2**26)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can be told to keep memory")
def test_freed_memory_stays_with_the_process(tmp_path: Path) -> None:
    cache = {"XDG_CACHE_HOME": str(tmp_path)}
    assert run(FREED, **cache) == "False\n"
    assert run("import sys; sys.argv.append('configured')" + FREED, **cache) == "True\n"
    assert run(FREED, **cache, **worker_environment()) == "True\n"


def cache_of_a_process(cache_home: Path) -> tuple[str, str]:
    """The folder of JAX's cache in a new process, and what the process writes to standard error."""
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache_home), "JAX_COMPILATION_CACHE_DIR": ""}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.splitlines()[1], done.stderr


def test_folders_of_compiled_programs_are_created_for_the_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        found, _ = cache_of_a_process(tmp_path / "cache")
    finally:
        os.umask(before)
    compiled = tmp_path / "cache" / "nasctl" / "compiled"
    assert Path(found) == compiled
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in (compiled, *compiled.parents[:2])} == {0o700}


@pytest.mark.parametrize("mode", [0o770, 0o777])
def test_compiled_programs_that_others_could_have_written_are_not_loaded(tmp_path: Path, mode: int) -> None:
    compiled = tmp_path / "nasctl" / "compiled"
    compiled.mkdir(parents=True)
    compiled.chmod(mode)
    found, log = cache_of_a_process(tmp_path)
    assert found in ("", "None")
    assert log.count(f"{compiled} is not used: other users can write to it; delete it") == 1
    assert not list(compiled.iterdir())


def test_a_cache_that_cannot_be_written_is_named_once(tmp_path: Path) -> None:
    (tmp_path / "nasctl").write_text("a file")
    found, log = cache_of_a_process(tmp_path)
    assert found in ("", "None")
    assert log.count("is not used: Not a directory") == 1


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
