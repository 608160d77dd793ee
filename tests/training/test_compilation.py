"""XLA optimises more if the training is long enough for that to pay off."""

from __future__ import annotations

from dataclasses import replace

import jax
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import load_space
from nasctl.engine import task_of
from nasctl.training import compilation
from nasctl.training.compilation import compiler_options

CONFIG = TrainingConfig()
LONG = replace(CONFIG, epochs=1_000_000)


def test_short_trainings_on_images_are_compiled_quickly_and_long_ones_thoroughly() -> None:
    task = task_of(load_space("spaces/cnn.nas"), None)
    assert compiler_options(task, CONFIG)
    assert compiler_options(task, LONG) == {}


def test_recurrent_networks_are_compiled_alike_however_long_they_are_trained() -> None:
    task = task_of(load_space("spaces/rnn.nas"), None)
    options = compiler_options(task, CONFIG)
    assert options == compiler_options(task, LONG)
    assert "xla_cpu_use_fusion_emitters" not in options


def test_options_that_a_version_of_xla_lacks_are_left_out() -> None:
    options = {"xla_no_such_option": True, "xla_backend_optimization_level": "1"}
    assert compilation._known(options) == {"xla_backend_optimization_level": "1"}


def test_on_a_gpu_short_trainings_take_the_first_plan_of_the_library_and_long_ones_the_fastest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    task = task_of(load_space("spaces/cnn.nas"), None)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    monkeypatch.setattr(compilation, "_is_known", lambda name, value: True)
    assert compiler_options(task, CONFIG) == {"xla_gpu_exclude_nondeterministic_ops": True}
    assert compiler_options(task, LONG) == {}


def test_another_accelerator_s_compiler_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(load_space("spaces/cnn.nas"), None)
    monkeypatch.setattr(jax, "default_backend", lambda: "tpu")
    assert compiler_options(task, CONFIG) == {}
