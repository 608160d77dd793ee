"""What the training of a child asks of an architecture: that it builds a network."""

from __future__ import annotations

from typing import Any, Protocol

from flax import nnx

from nasctl.graph import Signature
from nasctl.tasks import Task


class Buildable(Protocol):
    """Whatever gives a network for a signature: an `Architecture`."""

    def build(self, signature: Signature, *, seed: int = 0) -> Any:
        """A Flax NNX module with freshly drawn parameters, from (N, …) inputs to logits."""
        ...


def abstract_network(architecture: Buildable, task: Task) -> Any:
    """The network with shapes in place of arrays: no parameter is drawn."""
    return nnx.eval_shape(lambda: architecture.build(task.signature))
