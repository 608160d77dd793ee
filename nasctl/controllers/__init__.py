"""Controllers: the searchers that propose token strings and learn from their rewards.

The step between a `Space` and its trials. Controllers see decisions only, never what they stand for.
"""

from nasctl.controllers.controller import Controller, Observation, State
from nasctl.controllers.factory import make_controller
from nasctl.controllers.random_search import RandomSearch

__all__ = ["Controller", "Observation", "RandomSearch", "State", "make_controller"]
