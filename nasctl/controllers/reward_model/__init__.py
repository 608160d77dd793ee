"""The reward model: a Gaussian process that predicts the reward of a token string from those that were tried."""

from nasctl.controllers.reward_model.model import RewardModel

__all__ = ["RewardModel"]
