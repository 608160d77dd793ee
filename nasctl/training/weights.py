"""A network as training sees it: its structure, which is compiled in, and its weights, which are arguments."""

from __future__ import annotations

from typing import Any, NamedTuple, Protocol, runtime_checkable

from flax import nnx
from jaxtyping import PyTree

from nasctl.graph import Signature
from nasctl.tasks import Task


class Weights(NamedTuple):
    """What training changes of a network, as nested dictionaries of arrays.

    Attributes:
      parameters: What the gradient changes.
      statistics: What the forward pass changes: batch statistics, the state of random streams.
    """

    parameters: PyTree
    statistics: PyTree


@runtime_checkable
class Buildable(Protocol):
    """An architecture that builds a network for a signature, as `Architecture` does."""

    def build(self, signature: Signature, *, seed: int = 0) -> Any:
        """A Flax NNX module with freshly drawn parameters, from (N, …) inputs to logits."""
        ...


def abstract_network(architecture: Buildable, task: Task) -> Any:
    """The network with `jax.ShapeDtypeStruct` instead of arrays: no parameter is drawn."""
    return nnx.eval_shape(lambda: architecture.build(task.signature))


def split_network(network: Any) -> tuple[Any, Weights]:
    """The structure of a network (`nnx.GraphDef`), and its weights as pure dictionaries.

    NNX's own transforms split a network at every call; a child's network is split once.
    """
    graph: Any
    graph, *states = nnx.split(network, nnx.Param, ...)
    return graph, Weights(*map(nnx.to_pure_dict, states))
