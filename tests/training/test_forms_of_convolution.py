"""A whole training is the same whichever form its convolutions take."""

from __future__ import annotations

import jax
import numpy as np
import pytest

from nasctl.config import TrainingConfig
from nasctl.dialects import parse_space
from nasctl.lowering.convolution import choice
from nasctl.space import sample_uniform
from nasctl.tasks import ImageClassification
from nasctl.training import train_child

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


@pytest.mark.parametrize("seed", [0, 1])
def test_loss_curves(blobs: ImageClassification, seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    space = parse_space(SPACE, name="forms")
    architecture = space.decode(sample_uniform(space, np.random.default_rng(seed)))
    curves = {}
    for form, pays in (("transform", True), ("canonical", False)):
        monkeypatch.setattr(choice, "transform_pays", lambda *layer, pays=pays: pays)
        jax.clear_caches()
        history = train_child(architecture, blobs, CONFIG, seed=0).history
        curves[form] = [(record["train_loss"], record["validation_loss"]) for record in history]
    assert curves["transform"] != curves["canonical"]
    np.testing.assert_allclose(curves["transform"], curves["canonical"], rtol=1e-3)
