"""Environment variables with which JAX cannot start are errors that name them, with exit code 2."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from nasctl.dialects import load_space
from nasctl.errors import NasctlError
from nasctl.jax_start import cannot_use, check_flags, check_platforms, configuration_error
from nasctl.space import sample_uniform

FLAGS = [
    pytest.param("--xla_nonsense=1", "--xla_nonsense", id="unknown flag"),
    pytest.param("--xla_cpu_multi_thread_eigen=false --xla_nonsens", "--xla_nonsens", id="one flag of two"),
    pytest.param("nonsense", "nonsense", id="no flag"),
    pytest.param("--xla_cpu_multi_thread_eigen=maybe", "maybe", id="a value that does not fit"),
]


@pytest.mark.parametrize(("flags", "said"), FLAGS)
def test_flags_that_xla_does_not_know_are_refused(
    flags: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XLA_FLAGS", flags)
    with pytest.raises(NasctlError, match=f"XLA_FLAGS=.* is not valid: .*{said}"):
        check_flags()


@pytest.mark.parametrize(
    "flags", ["", "--xla_cpu_multi_thread_eigen=false", "--xla_backend_optimization_level=0"]
)
def test_flags_that_xla_knows_are_accepted(flags: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XLA_FLAGS", flags)
    check_flags()


@pytest.mark.parametrize("platforms", ["", "cpu"])
def test_the_processor_needs_no_check(platforms: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JAX_PLATFORMS", platforms)
    check_platforms()


def test_a_platform_that_says_nothing_is_said_not_to_be_found() -> None:
    assert cannot_use("cuda", "").message == "JAX cannot use JAX_PLATFORMS=cuda: it finds no such device"
    assert cannot_use("tpu", "no libtpu\nand more").message == "JAX cannot use JAX_PLATFORMS=tpu: no libtpu"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("platforms", "arguments"),
    [
        pytest.param(
            "rocm", ("search", "toy.nas", "--evaluator", "toy:score"), id="a search with a function"
        ),
        pytest.param("gpuu", ("search", "tiny.nas"), id="a search that trains"),
        pytest.param("cuda,gpuu", ("search", "tiny.nas"), id="a search that trains, of two platforms"),
        pytest.param(
            "gpuu", ("search", "tiny.nas", "--executor", "inline"), id="a search that trains inline"
        ),
        pytest.param("cuda,gpuu", ("train", "tiny.json", "--dataset", "digits"), id="train"),
    ],
)
def test_a_platform_that_does_not_exist_ends_a_command_before_it_writes(
    platforms: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    (tmp_path / "toy.nas").write_text("space choices\na in {0, 1, 2}\n")
    (tmp_path / "toy.py").write_text("def score(architecture):\n    return 1.0\n")
    space = load_space("spaces/tiny.nas")
    (tmp_path / "tiny.nas").write_text(space.source)
    space.decode(sample_uniform(space, np.random.default_rng(0))).save(tmp_path / "tiny.json")
    before = sorted(tmp_path.iterdir())
    done = subprocess.run(
        [sys.executable, "-m", "nasctl", *arguments],
        cwd=tmp_path,
        env={**os.environ, "JAX_PLATFORMS": platforms},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2, done.stderr
    assert f"JAX cannot use JAX_PLATFORMS={platforms}" in done.stderr
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize(("name", "value"), [("JAX_ENABLE_X64", "maybe"), ("JAX_NUM_CPU_DEVICES", "abc")])
def test_settings_of_jax_that_cannot_be_read_are_named(tmp_path: Path, name: str, value: str) -> None:
    (tmp_path / "toy.nas").write_text("space choices\na in {0, 1}\n")
    (tmp_path / "score.py").write_text("def score(architecture):\n    return 1.0\n")
    done = subprocess.run(
        [sys.executable, "-m", "nasctl", "search", "toy.nas", "--evaluator", "score:score"],
        cwd=tmp_path,
        env={**os.environ, name: value},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "JAX cannot read its environment variables" in done.stderr
    assert name in done.stderr


def test_other_errors_are_not_taken_for_settings_of_jax() -> None:
    try:
        int("abc")
    except ValueError as error:
        assert configuration_error(error) is None
