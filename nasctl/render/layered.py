"""The layered layout, for wide graphs such as trees and cells: rows of boxes, with edges routed between the rows.

The order in each row comes from `rows`. Each vertex is then moved as close to its neighbours in the rows above
and below as the order allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import make_box, moved, notes_of, shown_names
from nasctl.render.channel import Link, route_channel
from nasctl.render.dimensions import Dimensions
from nasctl.render.frames import with_repeats
from nasctl.render.rows import RowGraph, build_row_graph, order_rows
from nasctl.render.scene import Box, Connector, Point, Scene

_SWEEPS = 24


def layered_layout(diagram: Diagram, dimensions: Dimensions) -> Scene:
    """Arranges the blocks of a diagram in rows.

    Args:
      diagram: The diagram.
      dimensions: The dimensions of the drawing, in pixels or cells.
    """
    graph = build_row_graph(diagram)
    order_rows(graph)
    titles = shown_names(diagram)
    boxes = []
    for index, block in enumerate(diagram.blocks):
        notes = () if block.is_join else notes_of(block)[:1]
        entering = (len(diagram.sources(index)) + 1) * dimensions.port_gap
        boxes.append(
            make_box(block, dimensions, title=titles[index], width=entering, notes=notes, named=True)
        )
    widths = [boxes[vertex].width if vertex < len(boxes) else 0.0 for vertex in range(len(graph.source))]
    middles = _coordinates(graph, widths, dimensions)
    paths: dict[Link, tuple[Point, ...]] = {}
    top = 0.0
    for number, row in enumerate(graph.rows):
        box_vertices = [vertex for vertex in row if vertex < len(boxes)]
        height = max((boxes[vertex].height for vertex in box_vertices), default=0.0)
        for vertex in box_vertices:
            y = dimensions.snapped(top + (height - boxes[vertex].height) / 2)
            boxes[vertex] = moved(boxes[vertex], middles[vertex] - boxes[vertex].width / 2, y)
        top += height
        if number + 1 == len(graph.rows):
            break
        following = graph.rows[number + 1]
        links = [(vertex, target) for vertex in row for target in graph.below[vertex]]
        entry_widths = {
            vertex: _flat_top(boxes[vertex]) if vertex < len(boxes) else 0.0 for vertex in following
        }
        channel = route_channel(links, graph.source, middles, entry_widths, dimensions)
        before, after = _frame_gaps(diagram, box_vertices, following, dimensions)
        for link, points in channel.paths.items():
            first, *corners, last = [(x, top + y) for x, y in points]
            paths[link] = (
                first,
                *((x, y + before) for x, y in corners),
                (last[0], last[1] + before + after),
            )
        top += before + channel.height + after

    connectors = tuple(
        Connector(source, target, _straightened(_path(source, target, graph, paths, boxes)))
        for source, target in diagram.edges
    )
    xs = [x for connector in connectors for x, _ in connector.points]
    left = min([*xs, *(box.x for box in boxes)])
    right = max([*xs, *(box.right for box in boxes)])
    scene = Scene(right - left, top, tuple(boxes), connectors).moved(-left, 0)
    return with_repeats(scene, diagram, dimensions)


def _flat_top(box: Box) -> float:
    """Width of the upper edge of a box without its rounded corners."""
    return box.width - (box.height if box.join else min(10.0, box.width / 2))


def _frame_gaps(
    diagram: Diagram, here: Sequence[int], following: Sequence[int], dimensions: Dimensions
) -> tuple[float, float]:
    """Space between two rows for the frames that end below the upper row and begin above the lower one."""
    _, above, below = dimensions.frame_padding
    ends = any(repeat.last in here for repeat in diagram.repeats)
    begins = any(repeat.first in following for repeat in diagram.repeats)
    return below * ends, above * begins


def _coordinates(graph: RowGraph, widths: Sequence[float], dimensions: Dimensions) -> list[float]:
    """x of the middle of each vertex."""
    middles = [0.0] * len(graph.source)
    offsets = {}
    for row in graph.rows:
        x = 0.0
        for vertex in row:
            offsets[vertex] = x + widths[vertex] / 2
            middles[vertex] = offsets[vertex]
            x += widths[vertex] + dimensions.column_gap
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = graph.above if down else graph.below
        for row in graph.rows if down else graph.rows[::-1]:
            wished = [
                sum(middles[other] for other in neighbours[vertex]) / len(neighbours[vertex])
                if neighbours[vertex]
                else middles[vertex]
                for vertex in row
            ]
            weights = [1.0 if vertex < len(graph.below) and widths[vertex] else 3.0 for vertex in row]
            shifts = [wish - offsets[vertex] for wish, vertex in zip(wished, row, strict=True)]
            for vertex, shift in zip(row, _rising(shifts, weights), strict=True):
                middles[vertex] = offsets[vertex] + shift
    for row in graph.rows:
        least = float("-inf")
        for vertex in row:
            middles[vertex] = max(dimensions.snapped(middles[vertex]), least + widths[vertex] / 2)
            least = middles[vertex] + widths[vertex] / 2 + dimensions.column_gap
    _straighten(graph, widths, middles, dimensions)
    return middles


def _straighten(
    graph: RowGraph, widths: Sequence[float], middles: list[float], dimensions: Dimensions
) -> None:
    """Aligns the dummy vertices of each value vertically where their neighbours leave space for it."""
    chains: dict[int, list[tuple[list[int], int]]] = {}  # for each value: its dummies as row and index in it
    for row in graph.rows:
        for index, vertex in enumerate(row):
            if widths[vertex] == 0:
                chains.setdefault(graph.source[vertex], []).append((row, index))
    for chain in chains.values():
        low, high = float("-inf"), float("inf")
        for row, index in chain:
            if index > 0:
                left = row[index - 1]
                low = max(low, middles[left] + widths[left] / 2 + dimensions.column_gap)
            if index + 1 < len(row):
                right = row[index + 1]
                high = min(high, middles[right] - widths[right] / 2 - dimensions.column_gap)
        if low <= high:
            wish = sorted(middles[row[index]] for row, index in chain)[len(chain) // 2]
            for row, index in chain:
                middles[row[index]] = min(max(wish, low), high)


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest nondecreasing sequence in weighted least squares.

    This is isotonic regression by the pool adjacent violators algorithm.
    """
    blocks: list[list[float]] = []  # mean, weight, number
    for value, weight in zip(values, weights, strict=True):
        blocks.append([value, weight, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, weight, number = blocks.pop()
            last = blocks[-1]
            last[0] = (last[0] * last[1] + mean * weight) / (last[1] + weight)
            last[1] += weight
            last[2] += number
    return [mean for mean, _, number in blocks for _ in range(int(number))]


def _path(
    source: int,
    target: int,
    graph: RowGraph,
    paths: Mapping[tuple[int, int], Sequence[Point]],
    boxes: Sequence[Box],
) -> list[Point]:
    """All corners of the path of an edge from its source box to its target box."""
    steps = [target]
    while steps[-1] != source:
        steps.append(next(vertex for vertex in graph.above[steps[-1]] if graph.source[vertex] == source))
    steps.reverse()
    points: list[Point] = [(boxes[source].middle, boxes[source].bottom)]
    for step in pairwise(steps):
        points += paths[step]
    end = points.pop()
    return [*points, (end[0], boxes[target].y)]


def _straightened(points: Sequence[Point]) -> tuple[Point, ...]:
    """The path without duplicate points and without points in the middle of a straight line."""
    kept: list[Point] = []
    for point in points:
        if kept and point == kept[-1]:
            continue
        if len(kept) > 1 and (
            kept[-2][0] == kept[-1][0] == point[0] or kept[-2][1] == kept[-1][1] == point[1]
        ):
            kept.pop()
        kept.append(point)
    return tuple(kept)
