"""The vocabulary: nodes with an op, attributes and inputs, in topological order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Union

Shape = tuple[int, ...]
"""Shape of one example without the batch: (height, width, channels) of a map, (features,) of a vector,
(steps, features) of a sequence."""

Attribute = Union[int, float, str, bool, tuple["Attribute", ...], "Graph"]
"""A property of a node. A Graph is the body of a node that applies it, as the cell of a recurrent layer."""


@dataclass(frozen=True)
class Node:
    """One op applied to the outputs of earlier nodes.

    Attributes:
      op: Name of the op in the registry (`nasctl.graph.ops`).
      name: Unique in the graph, dotted by what it belongs to: `layer3.conv`.
      inputs: Indices of the nodes that it reads, in order.
      attributes: The op's properties, such as `kernel=(3, 5)`.
    """

    op: str
    name: str
    inputs: tuple[int, ...] = ()
    attributes: Mapping[str, Attribute] = field(default_factory=dict)


@dataclass(frozen=True)
class Graph:
    """A network as data.

    Attributes:
      nodes: In topological order: a node reads earlier nodes only.
      outputs: Indices of the nodes whose values are the network's.
    """

    nodes: tuple[Node, ...]
    outputs: tuple[int, ...]

    def consumers(self) -> tuple[tuple[int, ...], ...]:
        """For each node the indices of the nodes that read it."""
        reading: list[list[int]] = [[] for _ in self.nodes]
        for index, node in enumerate(self.nodes):
            for source in dict.fromkeys(node.inputs):
                reading[source].append(index)
        return tuple(tuple(indices) for indices in reading)


@dataclass(frozen=True)
class Signature:
    """What the task fixes about a network.

    Attributes:
      input_shape: Shape of one example: (height, width, channels) of an image, (steps,) of a text.
      outputs: Number of classes, or size of the vocabulary.
    """

    input_shape: Shape
    outputs: int


class GraphWriter:
    """Collects nodes in order; `add` gives the index by which later nodes refer to one."""

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    def add(self, op: str, inputs: Iterable[int] = (), *, name: str, **attributes: Attribute) -> int:
        """Appends a node and returns its index."""
        self._nodes.append(Node(op, name, tuple(inputs), attributes))
        return len(self._nodes) - 1

    def finish(self, outputs: Iterable[int]) -> Graph:
        """The graph of all nodes so far."""
        return Graph(tuple(self._nodes), tuple(outputs))
