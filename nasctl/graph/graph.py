"""A network as data: nodes in topological order, each with an op, attributes and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Union

Shape = tuple[int, ...]
"""Shape of one example, without the batch axis: (height, width, channels) of a map, (features,) of a vector,
(steps, features) of a sequence."""

Attribute = Union[int, float, str, bool, tuple["Attribute", ...], "Graph"]
"""The value of an attribute of a node. A Graph is the body of the node, such as the cell of a recurrent layer."""


@dataclass(frozen=True)
class Node:
    """One op applied to the outputs of earlier nodes.

    Attributes:
      op: Name of the op in the registry (`nasctl.graph.ops`).
      name: Unique in the graph. Dots separate the layer from its parts: `layer3.conv`.
      inputs: Indices of the nodes that it reads, in order.
      attributes: Settings of the op, such as `kernel=(3, 5)`.
    """

    op: str
    name: str
    inputs: tuple[int, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A network as data.

    Attributes:
      nodes: The nodes in topological order: each reads earlier nodes only.
      outputs: Indices of the nodes whose values are the outputs of the network.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each node, the indices of the nodes that read it."""
        reading: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for source in dict.fromkeys(node.inputs):
                reading[source].append(index)
        return tuple(tuple(indices) for indices in reading)


@dataclass(frozen=True)
class Signature:
    """The sizes of a network that a task fixes.

    Attributes:
      input_shape: Shape of one example: (height, width, channels) of an image, (steps,) of a text, (steps, features)
        of a series.
      outputs: Number of classes, labels or numbers, or size of the vocabulary of a text whose next token is predicted.
      vocabulary: Size of the vocabulary of documents; 0 for other examples, and where it is the number of outputs.
    """

    input_shape: Shape
    outputs: int
    vocabulary: int = 0


class GraphWriter:
    """Writes a graph node by node.

    >>> writer = GraphWriter()
    >>> image = writer.add("input", name="image")
    >>> writer.finish([writer.add("relu", [image], name="relu")]).outputs
    (1,)
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    def add(self, op: str, inputs: Iterable[int] = (), *, name: str, **attributes: Attribute) -> int:
        """Appends a node.

        Args:
          op: Name of its op.
          inputs: Indices of the nodes that it reads.
          name: Its name, unique in the graph.
          attributes: Its attributes.

        Returns:
          The index by which later nodes refer to it.
        """
        self._nodes.append(Node(op, name, tuple(inputs), attributes))
        return len(self._nodes) - 1

    def finish(self, outputs: Iterable[int]) -> Graph:
        """The graph of all nodes.

        Args:
          outputs: Indices of the output nodes.
        """
        return Graph(tuple(self._nodes), tuple(outputs))
