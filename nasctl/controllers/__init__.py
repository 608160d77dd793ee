"""The controllers: searchers that propose token strings of a space and learn from their rewards.

A controller knows the decisions of a `Space`, but not what they mean. It proposes strings; the engine evaluates them.
"""

from nasctl.controllers.controller import Controller, Observation, State
from nasctl.controllers.factory import make_controller
from nasctl.controllers.random_search import RandomSearch

__all__ = ["Controller", "Observation", "RandomSearch", "State", "make_controller"]
