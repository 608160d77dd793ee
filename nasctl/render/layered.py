"""The layout for wide graphs, such as trees and cells: rows of boxes, edges routed between them.

The method of Sugiyama, Tagawa and Toda (1981): every block gets a row below all that it reads; an edge that passes
a row has a place in it; the order in the rows is improved by barycentres until fewer edges cross; then each place is
moved as near to its neighbours as the order allows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import box_of, moved, notes_of
from nasctl.render.channel import route_channel
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Box, Connector, Point, Scene

_SWEEPS = 12


@dataclass
class Places:
    """The rows of a layered drawing.

    Attributes:
      rows: Places of each row, in order. Place p is the block of that index, or above their number a passage.
      source: For each place the block whose value is there: itself, or the one that the passage carries.
      below: For each place those of the next row that it is connected to.
      above: The same for the row before.
    """

    rows: list[list[int]]
    source: list[int]
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)


def rows_of(diagram: Diagram) -> list[int]:
    """The row of each block: below all that it reads, and no further above its readers than it must be."""
    rows = [0] * len(diagram.blocks)
    for source, target in diagram.edges:
        rows[target] = max(rows[target], rows[source] + 1)
    reads = {target for _, target in diagram.edges}
    for block in range(len(rows)):
        below = [rows[target] for source, target in diagram.edges if source == block]
        if block not in reads and below:
            rows[block] = min(below) - 1
    return rows


def layered_layout(diagram: Diagram, metrics: Metrics) -> Scene:
    """Places the blocks of a diagram in rows."""
    places = place_rows(diagram)
    _order(places)
    boxes = [box_of(block, metrics, notes=notes_of(block)[:1]) for block in diagram.blocks]
    widths = [boxes[place].width if place < len(boxes) else 0.0 for place in range(len(places.source))]
    middles = _coordinates(places, widths, metrics)

    top = 0.0
    ways: dict[tuple[int, int], list[Point]] = {}  # from each place to each of the next row
    tops: list[float] = []
    for number, row in enumerate(places.rows):
        height = max((boxes[place].height for place in row if place < len(boxes)), default=0.0)
        tops.append(top)
        for place in row:
            if place < len(boxes):
                y = metrics.snapped(top + (height - boxes[place].height) / 2)
                boxes[place] = moved(boxes[place], middles[place] - boxes[place].width / 2, y)
        if number + 1 < len(places.rows):
            rooms = {
                place: boxes[place].width if place < len(boxes) else 0.0 for place in places.rows[number + 1]
            }
            links = [(place, target) for place in row for target in places.below[place]]
            channel = route_channel(links, places.source, middles, rooms, metrics)
            for link, points in channel.ways.items():
                ways[link] = [(x, top + height + y) for x, y in points]
            top += height + channel.height
        else:
            top += height

    connectors = tuple(
        Connector(source, target, _straightened(_way(source, target, places, ways, boxes)))
        for source, target in diagram.edges
    )
    left = min(box.x for box in boxes)
    xs = [x for connector in connectors for x, _ in connector.points]
    left = min([left, *xs])
    right = max([*(box.right for box in boxes), *xs])
    return Scene(right - left, top, tuple(boxes), connectors).moved(-left, 0)


def place_rows(diagram: Diagram) -> Places:
    """The places of a diagram, not yet in a good order."""
    rows = rows_of(diagram)
    count = len(rows)
    places = Places([[] for _ in range(max(rows) + 1)], list(range(count)))
    places.below = [[] for _ in range(count)]
    places.above = [[] for _ in range(count)]
    for block, row in enumerate(rows):
        places.rows[row].append(block)
    passages: dict[tuple[int, int], int] = {}  # of a block's value through a row
    for source, target in diagram.edges:
        before = source
        for row in range(rows[source] + 1, rows[target]):
            if (source, row) not in passages:
                passages[source, row] = len(places.source)
                places.source.append(source)
                places.below.append([])
                places.above.append([before])
                places.below[before].append(passages[source, row])
                places.rows[row].append(passages[source, row])
            before = passages[source, row]
        places.below[before].append(target)
        places.above[target].append(before)
    return places


def _order(places: Places) -> None:
    """Orders the places of each row by barycentres, and keeps the order with the fewest crossings."""
    best, fewest = [list(row) for row in places.rows], _crossings(places)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = places.above if down else places.below
        rows = places.rows if down else places.rows[::-1]
        for before, row in pairwise(rows):
            at = {place: index for index, place in enumerate(before)}
            here = {place: index for index, place in enumerate(row)}

            def barycentre(place: int, at: Mapping[int, int] = at, here: Mapping[int, int] = here) -> float:
                near = neighbours[place]  # noqa: B023
                return sum(at[other] for other in near) / len(near) if near else float(here[place])

            row.sort(key=barycentre)
        crossings = _crossings(places)
        if crossings < fewest:
            best, fewest = [list(row) for row in places.rows], crossings
    places.rows[:] = best


def _crossings(places: Places) -> int:
    """Number of pairs of edges that cross."""
    total = 0
    for above, row in pairwise(places.rows):
        at = {place: index for index, place in enumerate(row)}
        ends = [at[target] for place in above for target in sorted(places.below[place], key=at.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total


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
    for sweep in range(2 * _SWEEPS):
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
    chains: dict[int, list[tuple[float, float, int]]] = {}  # for each value: from, to, passage
    for row in places.rows:
        for index, place in enumerate(row):
            if widths[place]:
                continue
            low, high = float("-inf"), float("inf")
            if index > 0:
                low = middles[row[index - 1]] + widths[row[index - 1]] / 2 + metrics.column_gap
            if index + 1 < len(row):
                high = middles[row[index + 1]] - widths[row[index + 1]] / 2 - metrics.column_gap
            chains.setdefault(places.source[place], []).append((low, high, place))
    for chain in chains.values():
        low = max((low for low, _, _ in chain), default=0.0)
        high = min((high for _, high, _ in chain), default=0.0)
        if len(chain) > 1 and low <= high:
            middle = sorted(middles[place] for _, _, place in chain)[len(chain) // 2]
            for _, _, place in chain:
                middles[place] = min(max(middle, low), high)


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
