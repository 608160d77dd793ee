"""The layout for wide graphs, such as trees and cells: rows of boxes, edges routed between them.

Each place in a row is moved as near to its neighbours in the rows before and after as the order in the row allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import box_of, moved, notes_of, shown_names
from nasctl.render.channel import Link, route_channel
from nasctl.render.frames import with_repeats
from nasctl.render.metrics import Metrics
from nasctl.render.rows import Places, order_rows, place_rows
from nasctl.render.scene import Box, Connector, Point, Scene

_SWEEPS = 24


def layered_layout(diagram: Diagram, metrics: Metrics) -> Scene:
    """Places the blocks of a diagram in rows."""
    places = place_rows(diagram)
    order_rows(places)
    titles = shown_names(diagram)
    boxes = []
    for index, block in enumerate(diagram.blocks):
        notes = () if block.is_join else notes_of(block)[:1]
        entering = (len(diagram.sources(index)) + 1) * metrics.port_gap
        boxes.append(box_of(block, metrics, title=titles[index], width=entering, notes=notes, named=True))
    widths = [boxes[place].width if place < len(boxes) else 0.0 for place in range(len(places.source))]
    middles = _coordinates(places, widths, metrics)
    ways: dict[Link, tuple[Point, ...]] = {}
    top = 0.0
    for number, row in enumerate(places.rows):
        here = [place for place in row if place < len(boxes)]
        height = max((boxes[place].height for place in here), default=0.0)
        for place in here:
            y = metrics.snapped(top + (height - boxes[place].height) / 2)
            boxes[place] = moved(boxes[place], middles[place] - boxes[place].width / 2, y)
        top += height
        if number + 1 == len(places.rows):
            break
        following = places.rows[number + 1]
        links = [(place, target) for place in row for target in places.below[place]]
        rooms = {place: _flat_top(boxes[place]) if place < len(boxes) else 0.0 for place in following}
        channel = route_channel(links, places.source, middles, rooms, metrics)
        before, after = _frame_rooms(diagram, here, following, metrics)
        for link, points in channel.ways.items():
            first, *corners, last = [(x, top + y) for x, y in points]
            ways[link] = (
                first,
                *((x, y + before) for x, y in corners),
                (last[0], last[1] + before + after),
            )
        top += before + channel.height + after

    connectors = tuple(
        Connector(source, target, _straightened(_way(source, target, places, ways, boxes)))
        for source, target in diagram.edges
    )
    xs = [x for connector in connectors for x, _ in connector.points]
    left = min([*xs, *(box.x for box in boxes)])
    right = max([*xs, *(box.right for box in boxes)])
    scene = Scene(right - left, top, tuple(boxes), connectors).moved(-left, 0)
    return with_repeats(scene, diagram, metrics)


def _flat_top(box: Box) -> float:
    """Width of the upper edge of a box without its rounded corners."""
    return box.width - (box.height if box.join else min(10.0, box.width / 2))


def _frame_rooms(
    diagram: Diagram, here: Sequence[int], following: Sequence[int], metrics: Metrics
) -> tuple[float, float]:
    """Room between two rows for the frames that end below the first and begin above the second."""
    _, above, below = metrics.frame_padding
    ends = any(repeat.last in here for repeat in diagram.repeats)
    begins = any(repeat.first in following for repeat in diagram.repeats)
    return below * ends, above * begins


def _coordinates(places: Places, widths: Sequence[float], metrics: Metrics) -> list[float]:
    """x of the middle of each place."""
    middles = [0.0] * len(places.source)
    offsets = {}
    for row in places.rows:
        x = 0.0
        for place in row:
            offsets[place] = x + widths[place] / 2
            middles[place] = offsets[place]
            x += widths[place] + metrics.column_gap
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = places.above if down else places.below
        for row in places.rows if down else places.rows[::-1]:
            wished = [
                sum(middles[other] for other in neighbours[place]) / len(neighbours[place])
                if neighbours[place]
                else middles[place]
                for place in row
            ]
            weights = [1.0 if place < len(places.below) and widths[place] else 3.0 for place in row]
            shifts = [wish - offsets[place] for wish, place in zip(wished, row, strict=True)]
            for place, shift in zip(row, _rising(shifts, weights), strict=True):
                middles[place] = offsets[place] + shift
    for row in places.rows:
        least = float("-inf")
        for place in row:
            middles[place] = max(metrics.snapped(middles[place]), least + widths[place] / 2)
            least = middles[place] + widths[place] / 2 + metrics.column_gap
    _straighten(places, widths, middles, metrics)
    return middles


def _straighten(places: Places, widths: Sequence[float], middles: list[float], metrics: Metrics) -> None:
    """Sets the passages of each value below each other where their neighbours leave room for it."""
    chains: dict[int, list[tuple[list[int], int]]] = {}  # for each value: its passages as row and index in it
    for row in places.rows:
        for index, place in enumerate(row):
            if widths[place] == 0:
                chains.setdefault(places.source[place], []).append((row, index))
    for chain in chains.values():
        low, high = float("-inf"), float("inf")
        for row, index in chain:
            if index > 0:
                left = row[index - 1]
                low = max(low, middles[left] + widths[left] / 2 + metrics.column_gap)
            if index + 1 < len(row):
                right = row[index + 1]
                high = min(high, middles[right] - widths[right] / 2 - metrics.column_gap)
        if low <= high:
            wish = sorted(middles[row[index]] for row, index in chain)[len(chain) // 2]
            for row, index in chain:
                middles[row[index]] = min(max(wish, low), high)


def _rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest sequence, by weighted squares, in which no value is less than the one before."""
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


def _way(
    source: int,
    target: int,
    places: Places,
    ways: Mapping[tuple[int, int], Sequence[Point]],
    boxes: Sequence[Box],
) -> list[Point]:
    """All corners from a block to one that reads it."""
    steps = [target]
    while steps[-1] != source:
        steps.append(next(place for place in places.above[steps[-1]] if places.source[place] == source))
    steps.reverse()
    points: list[Point] = [(boxes[source].middle, boxes[source].bottom)]
    for step in pairwise(steps):
        points += ways[step]
    end = points.pop()
    return [*points, (end[0], boxes[target].y)]


def _straightened(points: Sequence[Point]) -> tuple[Point, ...]:
    """The same way without the points that are no corners."""
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
