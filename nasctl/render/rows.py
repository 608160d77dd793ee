"""Assigns the blocks of a diagram to rows and orders each row.

The method is that of Sugiyama, Tagawa & Toda 1981, "Methods for Visual Understanding of Hierarchical System
Structures". Each block is in a row below all blocks that it reads. An edge that crosses a row has a dummy
vertex in it. The order of the vertices in a row is improved by barycentres to reduce the number of crossings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from nasctl.render.blocks import Diagram

_SWEEPS = 12


@dataclass
class RowGraph:
    """The rows of a layered drawing and the edges between consecutive rows.

    Attributes:
      rows: The vertices of each row, in order. A vertex smaller than the number of blocks is the block of that
        index; the others are dummy vertices.
      source: For each vertex the block whose value it carries; a block carries its own.
      below: For each vertex its neighbours in the row below.
      above: For each vertex its neighbours in the row above.
    """

    rows: list[list[int]]
    source: list[int]
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)


def row_numbers(diagram: Diagram) -> list[int]:
    """The row of each block.

    A block is below all blocks that it reads. A block that reads nothing is directly above its first reader.
    """
    rows = [0] * len(diagram.blocks)
    for source, target in diagram.edges:
        rows[target] = max(rows[target], rows[source] + 1)
    reads = {target for _, target in diagram.edges}
    for block in range(len(rows)):
        if diagram.blocks[block].is_output:
            rows[block] = max(rows)
        below = [rows[target] for source, target in diagram.edges if source == block]
        if block not in reads and below:
            rows[block] = min(below) - 1
    return rows


def build_row_graph(diagram: Diagram) -> RowGraph:
    """Assigns the blocks of a diagram to rows and adds dummy vertices. The order in the rows is not improved yet."""
    rows = row_numbers(diagram)
    count = len(rows)
    graph = RowGraph([[] for _ in range(max(rows) + 1)], list(range(count)))
    graph.below = [[] for _ in range(count)]
    graph.above = [[] for _ in range(count)]
    for block, row in enumerate(rows):
        graph.rows[row].append(block)
    dummies: dict[tuple[int, int], int] = {}  # by block and row
    for source, target in diagram.edges:
        before = source
        for row in range(rows[source] + 1, rows[target]):
            if (source, row) not in dummies:
                dummies[source, row] = len(graph.source)
                graph.source.append(source)
                graph.below.append([])
                graph.above.append([before])
                graph.below[before].append(dummies[source, row])
                graph.rows[row].append(dummies[source, row])
            before = dummies[source, row]
        graph.below[before].append(target)
        graph.above[target].append(before)
    return graph


def order_rows(graph: RowGraph) -> None:
    """Reorders the vertices of each row by barycentres, and keeps the order with the fewest crossings."""
    best, fewest = [list(row) for row in graph.rows], _crossings(graph)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = graph.above if down else graph.below
        rows = graph.rows if down else graph.rows[::-1]
        for before, row in pairwise(rows):
            at = {vertex: index for index, vertex in enumerate(before)}
            here = {vertex: index for index, vertex in enumerate(row)}

            def barycentre(vertex: int, at: Mapping[int, int] = at, here: Mapping[int, int] = here) -> float:
                near = neighbours[vertex]  # noqa: B023
                return sum(at[other] for other in near) / len(near) if near else float(here[vertex])

            row.sort(key=barycentre)
        crossings = _crossings(graph)
        if crossings < fewest:
            best, fewest = [list(row) for row in graph.rows], crossings
    graph.rows[:] = best


def _crossings(graph: RowGraph) -> int:
    """The number of pairs of edges that cross."""
    total = 0
    for above, row in pairwise(graph.rows):
        at = {vertex: index for index, vertex in enumerate(row)}
        ends = [at[target] for vertex in above for target in sorted(graph.below[vertex], key=at.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total
