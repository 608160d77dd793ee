"""Builds an image classifier from the operations of a cell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from nasctl.graph import Graph, GraphWriter
from nasctl.space import Value


def edge_names(nodes: int) -> Iterator[tuple[str, int, int]]:
    """Name, source and target of each edge of a cell, in the order of the tokens.

    >>> [name for name, source, target in edge_names(3)]
    ['node1.from0', 'node2.from0', 'node2.from1']
    """
    for target in range(1, nodes):
        for source in range(target):
            yield f"node{target}.from{source}", source, target


@dataclass(frozen=True)
class CellGraphBuilder:
    """The network of NAS-Bench-201 (Dong & Yang 2020, figure 1) around a cell.

    The network starts with a convolution, followed by the stages, which repeat the cell. A residual block between two
    stages halves the map and doubles the filters. The network ends with the mean of each map and a dense layer.

    Attributes:
      nodes: Number of nodes of the cell. The first one is its input, the last one its output.
      filters: Number of filters of the first stage.
      stages: Number of stages.
      repeat: Number of cells of each stage.
    """

    nodes: int = 4
    filters: int = 16
    stages: int = 3
    repeat: int = 5

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """The network for the given values."""
        writer = GraphWriter()
        value = writer.add("input", name="image")
        value = writer.add(
            "conv2d", [value], name="stem.conv", kernel=(3, 3), stride=(1, 1), filters=self.filters
        )
        value = writer.add("batch_norm", [value], name="stem.batch_norm")
        for stage in range(1, self.stages + 1):
            filters = self.filters * 2 ** (stage - 1)
            if stage > 1:
                value = add_reduction(writer, value, f"stage{stage}.reduction", filters)
            for number in range(1, self.repeat + 1):
                value = self._add_cell(writer, value, f"stage{stage}.cell{number}", filters, values)
        value = writer.add("batch_norm", [value], name="last.batch_norm")
        value = writer.add("relu", [value], name="last.relu")
        value = writer.add("global_average_pool", [value], name="last.pool")
        return writer.finish([writer.add("dense", [value], name="classifier")])

    def _add_cell(
        self, writer: GraphWriter, value: int, name: str, filters: int, values: Mapping[str, Value]
    ) -> int:
        """Writes one cell. The value of a node is the sum of the edges that lead to it."""
        edges: dict[int, list[int]] = {}
        nodes = {0: value}
        for edge, source, target in edge_names(self.nodes):
            operation = OPERATIONS[str(values[edge])]
            edges.setdefault(target, []).append(operation(writer, nodes[source], f"{name}.{edge}", filters))
            if len(edges[target]) == target:
                nodes[target] = writer.add("add", edges[target], name=f"{name}.node{target}")
        return nodes[self.nodes - 1]

    def to_json(self) -> dict[str, object]:
        """The fields as JSON values; `graph_builder_from_json` is the inverse."""
        return asdict(self)


Operation = Callable[[GraphWriter, int, str, int], int]


def add_reduction(writer: GraphWriter, value: int, name: str, filters: int) -> int:
    """Writes a residual block that halves the map.

    Two convolutions are added to a shortcut of 2×2 average pooling and a 1×1 convolution.

    Args:
      writer: Collects the nodes.
      value: Index of the node to read.
      name: Prefix of the names of the nodes.
      filters: Number of filters.

    Returns:
      Index of the output.
    """
    first = _add_conv(writer, value, f"{name}.first", filters, 3, stride=2)
    second = _add_conv(writer, first, f"{name}.second", filters, 3)
    shortcut = writer.add("average_pool", [value], name=f"{name}.shortcut.pool", kernel=(2, 2), stride=(2, 2))
    shortcut = writer.add(
        "conv2d", [shortcut], name=f"{name}.shortcut.conv", kernel=(1, 1), stride=(1, 1), filters=filters
    )
    return writer.add("add", [second, shortcut], name=f"{name}.sum")


def _add_conv(writer: GraphWriter, value: int, name: str, filters: int, size: int, stride: int = 1) -> int:
    value = writer.add("relu", [value], name=f"{name}.relu")
    value = writer.add(
        "conv2d", [value], name=f"{name}.conv", kernel=(size, size), stride=(stride, stride), filters=filters
    )
    return writer.add("batch_norm", [value], name=f"{name}.batch_norm")


OPERATIONS: Mapping[str, Operation] = {
    "none": lambda writer, value, name, filters: writer.add("zero", [value], name=name),
    "skip_connect": lambda writer, value, name, filters: writer.add("identity", [value], name=name),
    "conv_1x1": lambda writer, value, name, filters: _add_conv(writer, value, name, filters, 1),
    "conv_3x3": lambda writer, value, name, filters: _add_conv(writer, value, name, filters, 3),
    "avg_pool_3x3": lambda writer, value, name, filters: writer.add(
        "average_pool", [value], name=name, kernel=(3, 3), stride=(1, 1)
    ),
}
"""The operations that an edge can have: each adds its nodes to a graph and returns the index of the output."""


def graph_builder_from_json(document: Mapping[str, Any]) -> CellGraphBuilder:
    """The inverse of `CellGraphBuilder.to_json`."""
    return CellGraphBuilder(**{name: int(size) for name, size in document.items()})
