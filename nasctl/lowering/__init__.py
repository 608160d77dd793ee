"""Lowers a bound Graph to a Flax NNX module that can be trained."""

from nasctl.lowering.network import Network, build

__all__ = ["Network", "build"]
