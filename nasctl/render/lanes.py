"""The lanes beside a column: what a layer passes on to another than the next runs down on the right.

It leaves its box, runs down a lane of its own and turns off to every box that reads it; all lanes that turn off to
the same box share the last part of the way. So there is one vertical line a source and one horizontal line a target,
whatever the number of connections, and none runs along another.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nasctl.render.blocks import Diagram
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Box, Connector, Point


@dataclass(frozen=True)
class Traffic:
    """Which blocks of a column lanes come from and lead to, and on which side of their boxes.

    Attributes:
      leaving: Blocks that a lane comes from.
      entered: Blocks that lanes lead to.
      from_above: Those of them that only lanes lead to: they enter where the direct way would.
      from_below: Joins that a lane comes from: it begins below, since lanes come in at the side.
      at_both: Blocks whose lanes come and go at the side, one above the other.
    """

    leaving: frozenset[int]
    entered: frozenset[int]
    from_above: frozenset[int]
    from_below: frozenset[int]
    at_both: frozenset[int]


def traffic_of(diagram: Diagram) -> Traffic:
    """The traffic of a diagram whose blocks stand below each other in order."""
    skips = [(source, target) for source, target in diagram.edges if source < target - 1]
    leaving = frozenset(source for source, _ in skips)
    entered = frozenset(target for _, target in skips)
    direct = {target for source, target in diagram.edges if source == target - 1}
    joins = frozenset(index for index, block in enumerate(diagram.blocks) if block.is_join)
    from_above = entered - direct - joins
    return Traffic(leaving, entered, from_above, joins & leaving, (entered & leaving) - from_above - joins)


def column_connectors(
    diagram: Diagram, boxes: Sequence[Box], traffic: Traffic, first_lane: float, metrics: Metrics
) -> tuple[Connector, ...]:
    """The connectors of a column of boxes.

    Args:
      diagram: What is connected.
      boxes: Of the blocks, with their middles below each other.
      traffic: Of the diagram.
      first_lane: x of the lane that is nearest to the boxes.
      metrics: The measures.
    """
    exits = {index: _exit(boxes[index], metrics, index in traffic.at_both) for index in traffic.leaving}
    entries = {
        index: _entry(boxes[index], metrics, index in traffic.from_above, index in traffic.at_both)
        for index in traffic.entered
    }
    lanes = _assign_lanes(diagram, exits, entries)
    colours = {source: number for number, source in enumerate(sorted(traffic.leaving))}
    connectors = []
    for source, target in diagram.edges:
        if source == target - 1:
            ends = (boxes[source].middle, boxes[source].bottom), (boxes[target].middle, boxes[target].y)
            connectors.append(Connector(source, target, ends))
            continue
        way_out, way_in = exits[source], entries[target]
        x = first_lane + metrics.lane_gap * lanes[source]
        points = (*way_out, (x, way_out[-1][1]), (x, way_in[0][1]), *way_in)
        connectors.append(Connector(source, target, points, colours[source], lead=len(way_out) + 2))
    return tuple(connectors)


def _exit(box: Box, metrics: Metrics, shared: bool) -> tuple[Point, ...]:
    """The way from a box to where its lane can be reached horizontally."""
    if box.join:
        return (box.middle, box.bottom), (box.middle, box.bottom + metrics.turn)
    half = metrics.padding[1] + metrics.line_height("main") / 2
    return ((box.right, metrics.snapped(box.bottom - half if shared else box.y + box.height / 2)),)


def _entry(box: Box, metrics: Metrics, from_above: bool, shared: bool) -> tuple[Point, ...]:
    """The way into a box from where lanes reach it horizontally."""
    if from_above:
        return (box.middle, box.y - metrics.turn - metrics.gap / 2), (box.middle, box.y)
    half = metrics.padding[1] + metrics.line_height("main") / 2
    return ((box.right, metrics.snapped(box.y + half if shared else box.y + box.height / 2)),)


def _assign_lanes(
    diagram: Diagram, exits: Mapping[int, tuple[Point, ...]], entries: Mapping[int, tuple[Point, ...]]
) -> dict[int, int]:
    """A lane for each source, short ways inside; lanes are used again where they have become free."""
    spans = {
        source: (
            way_out[-1][1],
            max(
                entries[target][0][1]
                for start, target in diagram.edges
                if start == source and target in entries and target > source + 1
            ),
        )
        for source, way_out in exits.items()
    }
    taken: list[list[tuple[float, float]]] = []
    lanes: dict[int, int] = {}
    for source, (top, bottom) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])):
        free = (
            number
            for number, there in enumerate(taken)
            if all(bottom < start or end < top for start, end in there)
        )
        lanes[source] = next(free, len(taken))
        if lanes[source] == len(taken):
            taken.append([])
        taken[lanes[source]].append((top, bottom))
    return lanes
