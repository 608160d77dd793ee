"""The controllers: searchers that propose token strings of a space and learn from their rewards.

On the path of the data this step stands between the `Space` and the evaluation of trials. A controller knows the
decisions of a space, not what they mean.
"""

from nasctl.controllers.controller import Controller, Observation, State
from nasctl.controllers.factory import make_controller
from nasctl.controllers.random_search import RandomSearch

__all__ = ["Controller", "Observation", "RandomSearch", "State", "make_controller"]
