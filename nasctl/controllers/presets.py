"""The hyperparameters of the LSTM controller: the two presets, and the user's overrides of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

from nasctl.config import ControllerConfig
from nasctl.settings import check_setting


@dataclass(frozen=True)
class Hyperparameters:
    """How the LSTM policy is built and trained.

    Attributes:
      layers: Number of LSTM layers.
      hidden: Number of hidden units of each layer.
      initial_scale: Parameters are drawn uniformly from [-initial_scale, initial_scale].
      offsets: Whether each decision adds its own learned offsets to the logits of the head that it shares with
        other decisions of its kind. A good choice for layer 3 may be a bad one for layer 12, and the hidden
        state learns the position slowly.
      batch: Number of trials per update.
      learning_rate: Step size of Adam.
      gradient_norm: Gradients with a larger global norm are scaled down to this norm; 0 disables clipping.
      barrier: Weight of the term that keeps the policy from becoming deterministic (`reinforce_loss`).
      baseline_decay: Decay, per trial, of the moving averages of the reward and of its squared deviation.
      standardise: Whether advantages are divided by the moving deviation of the rewards and clipped to ±3. The
        policy is then invariant to the scale and offset of the rewards.
      reward_model: Whether a reward model guides the policy and selects its proposals (`GuidedReinforce`). The
        fields `barrier`, `baseline_decay` and `standardise` then have no effect.
    """

    layers: int
    hidden: int
    initial_scale: float
    offsets: bool
    batch: int
    learning_rate: float
    gradient_norm: float
    barrier: float
    baseline_decay: float
    standardise: bool
    reward_model: bool


PRESETS: Mapping[str, Hyperparameters] = {
    # Zoph & Le 2017, section 4.1. The decay of the baseline is not stated there.
    "paper": Hyperparameters(
        layers=2,
        hidden=35,
        initial_scale=0.08,
        offsets=False,
        batch=8,
        learning_rate=6e-4,
        gradient_norm=0.0,
        barrier=0.0,
        baseline_decay=0.95,
        standardise=False,
        reward_model=False,
    ),
    # Tuned for hundreds of trials; benchmarks/controller.py compares the two.
    "default": Hyperparameters(
        layers=2,
        hidden=35,
        initial_scale=0.08,
        offsets=True,
        batch=5,
        learning_rate=0.01,
        gradient_norm=1.0,
        barrier=0.1,
        baseline_decay=0.95,
        standardise=True,
        reward_model=False,
    ),
}

WITH_REWARD_MODEL = replace(PRESETS["default"], layers=1, hidden=32, batch=1, reward_model=True)
"""The default preset with the reward model, which uses every reward at once.

One gradient step per trial suits a smaller network.
"""


def hyperparameters(config: ControllerConfig) -> Hyperparameters:
    """Resolves the user's settings: the preset, with the overrides that are set.

    Args:
      config: The user's `controller.*` settings.

    Raises:
      NasctlError: A value does not fit the schema.
    """
    for item in fields(config):
        check_setting("controller", item.name, getattr(config, item.name))
    preset = PRESETS[config.preset]
    if config.preset == "default" and config.reward_model:
        preset = WITH_REWARD_MODEL
    changes: dict[str, float] = {}
    if config.batch:
        changes["batch"] = config.batch
    if config.hidden:
        changes["hidden"] = config.hidden
    if config.learning_rate:
        changes["learning_rate"] = config.learning_rate
    if config.barrier >= 0:
        changes["barrier"] = config.barrier
    if config.baseline_decay >= 0:
        changes["baseline_decay"] = config.baseline_decay
    return replace(preset, **changes)  # type: ignore[arg-type]
