"""The reward model: a Gaussian process that predicts the reward of a token string from the observed trials."""

from nasctl.controllers.reward_model.model import RewardModel

__all__ = ["RewardModel"]
