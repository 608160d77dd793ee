"""The loop of a search: propose an architecture, have it evaluated, record the trial, let the controller learn."""

from nasctl.engine.loop.listener import Listener
from nasctl.engine.loop.search import Search

__all__ = ["Listener", "Search"]
