"""XLA is thorough where the training is long enough to repay it."""

from __future__ import annotations

from dataclasses import replace

import jax
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import load_space
from nasctl.engine import task_of
from nasctl.training import compilation
from nasctl.training.compilation import WORTH_IT, compiler_options

CONFIG = TrainingConfig()


def test_short_trainings_on_images_are_compiled_quickly_and_long_ones_thoroughly() -> None:
    task = task_of(load_space("spaces/cnn.nas"), None)
    assert compiler_options(task, CONFIG)
    assert compiler_options(task, replace(CONFIG, epochs=WORTH_IT)) == {}


def test_recurrent_networks_are_compiled_alike_however_long_they_are_trained() -> None:
    task = task_of(load_space("spaces/rnn.nas"), None)
    options = compiler_options(task, CONFIG)
    assert options == compiler_options(task, replace(CONFIG, epochs=WORTH_IT))
    assert "xla_cpu_use_fusion_emitters" not in options


def test_options_that_a_version_of_xla_lacks_are_left_out() -> None:
    options = {"xla_no_such_option": True, "xla_backend_optimization_level": "1"}
    assert compilation._known(options) == {"xla_backend_optimization_level": "1"}


def test_an_accelerator_s_compiler_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    task = task_of(load_space("spaces/cnn.nas"), None)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert compiler_options(task, CONFIG) == {}
