"""A whole training is the same whichever form its convolutions take."""

from __future__ import annotations

from collections.abc import Callable

import jax
import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import parse_space
from nasctl.lowering.convolution import selection
from nasctl.lowering.convolution.axis import Axis
from nasctl.lowering.convolution.unfolding import Unfolding, direct, im2col
from nasctl.space import sample_uniform
from nasctl.tasks import SupervisedTask
from nasctl.training import child, train_child

Way = Callable[[Axis], Unfolding]
SPACE = """
space cnn
layers 2
layer {
  conv { height in {2, 3}  width in {3, 5}  filters in {4, 6}  stride in {1, 2} }
  batch_norm
  relu
  skip anchors
}
"""
CONFIG = TrainingConfig(epochs=3, batch=16, learning_rate=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 1])
def test_loss_curves(blobs: SupervisedTask, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    space = parse_space(SPACE, name="forms")
    architecture = space.decode(sample_uniform(space, np.random.default_rng(seed)))
    curves, read = [], set()
    for way in (direct, im2col):

        def unfoldings(*layer: Axis, way: Way = way) -> list[Unfolding]:
            chosen = [im2col(axis) if axis.taps == 1 else way(axis) for axis in layer[:2]]
            read.update((way, unfolding.copies) for unfolding in chosen if unfolding.axis.taps > 1)
            return chosen

        monkeypatch.setattr(selection, "select_unfoldings", unfoldings)
        monkeypatch.setattr(child, "fingerprint_of", lambda *_: None)  # does not cover this change
        jax.clear_caches()
        history = train_child(architecture, blobs, CONFIG, seed=0).history
        curves.append([(epoch["train_loss"], epoch["validation_loss"]) for epoch in history])
    assert read == {(direct, False), (im2col, True)}
    np.testing.assert_allclose(*curves, rtol=1e-3)
