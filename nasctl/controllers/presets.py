"""The settings under which the LSTM controller learns: two presets, and what a person changes about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nasctl.config import ControllerConfig
from nasctl.errors import NasctlError


@dataclass(frozen=True)
class Hyperparameters:
    """How the LSTM controller is built and learns.

    Attributes:
      layers: LSTM layers.
      hidden: Units of each.
      initial_scale: Parameters are drawn uniformly from ± this.
      offsets: Whether decisions have offsets of their own on the logits of their kind's head: what suits layer 3
        need not suit layer 12, and the hidden state is slow to learn where it stands.
      batch: Children of one update.
      learning_rate: Step size of Adam.
      gradient_norm: Gradients are scaled down to this norm; 0 leaves them as they are.
      barrier: Weight of the term that keeps the policy from becoming certain (`reinforce_loss`).
      baseline_decay: Decay, a trial, of the moving averages of the reward and of its squared deviation.
      standardise: Whether advantages are divided by the rewards' moving deviation, and clipped to ±3: what
        the policy does then depends neither on the scale of the rewards nor on their offset.
      reward_model: Whether the policy learns from a model of the rewards and shares its proposals with it; the
        fields `barrier`, `baseline_decay` and `standardise` are then without effect.
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
    # Zoph & Le 2017, section 4.1. They do not print the decay of the baseline.
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
    # Tuned for hundreds of trials; benchmarks/controller.py shows the two side by side.
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
"""The default with the reward model: a gradient step a trial wants a smaller network, and the model wants each
reward as soon as there is one."""


def hyperparameters(config: ControllerConfig) -> Hyperparameters:
    """The preset with what the configuration changes about it.

    Raises:
      NasctlError: A value is out of range.
    """
    if config.preset not in PRESETS:
        raise NasctlError(
            f"controller.preset cannot be `{config.preset}`", hint=f"it is one of {', '.join(PRESETS)}"
        )
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
    for name in ("batch", "hidden", "learning_rate"):
        if changes.get(name, 1) < 0:
            raise NasctlError(
                f"controller.{name} must be positive, not {changes[name]:g}", hint="0 is the preset's"
            )
    if changes.get("baseline_decay", 0) >= 1:
        raise NasctlError(f"controller.baseline_decay must be below 1, not {config.baseline_decay:g}")
    return replace(preset, **changes)  # type: ignore[arg-type]
