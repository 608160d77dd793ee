"""Skip connections in a column: they run in vertical lanes to the right of the boxes.

A skip connection leaves its source box, runs down the lane of that source, and turns off to its target box.
Lanes that turn off to the same target share the last piece. So there is one vertical line per source and one
horizontal line per target, however many connections there are, and no two lines overlap.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from nasctl.render.blocks import Diagram
from nasctl.render.dimensions import Dimensions
from nasctl.render.scene import Box, Connector, Point


@dataclass(frozen=True)
class SkipConnections:
    """The blocks of a column that skip connections leave or enter, and the sides on which they do.

    Attributes:
      sources: Blocks that skip connections leave.
      targets: Blocks that skip connections enter.
      entered_from_above: Targets that do not read the block directly above. Skip connections enter them at the
        top.
      left_from_below: Sources that are joins. Skip connections leave them at the bottom.
      both_at_side: Blocks that skip connections both enter and leave at the side, at different heights.
    """

    sources: frozenset[int]
    targets: frozenset[int]
    entered_from_above: frozenset[int]
    left_from_below: frozenset[int]
    both_at_side: frozenset[int]


def skip_connections_of(diagram: Diagram) -> SkipConnections:
    """The skip connections of a diagram whose blocks form one column, in order."""
    jumps = [(source, target) for source, target in diagram.edges if source < target - 1]
    sources = frozenset(source for source, _ in jumps)
    targets = frozenset(target for _, target in jumps)
    direct = {target for source, target in diagram.edges if source == target - 1}
    joins = frozenset(index for index, block in enumerate(diagram.blocks) if block.is_join)
    entered_from_above = targets - direct - joins
    return SkipConnections(
        sources,
        targets,
        entered_from_above,
        joins & sources,
        (targets & sources) - entered_from_above - joins,
    )


def column_connectors(
    diagram: Diagram, boxes: Sequence[Box], skips: SkipConnections, first_lane: float, dimensions: Dimensions
) -> tuple[Connector, ...]:
    """The connectors of a column of boxes.

    Args:
      diagram: The diagram.
      boxes: The boxes of its blocks, with their middles on one vertical line.
      skips: The skip connections of the diagram.
      first_lane: x of the lane nearest to the boxes.
      dimensions: The dimensions of the drawing, in pixels or cells.
    """
    exits = {index: _exit(boxes[index], dimensions, index in skips.both_at_side) for index in skips.sources}
    entries = {
        index: _entry(
            boxes[index], dimensions, index in skips.entered_from_above, index in skips.both_at_side
        )
        for index in skips.targets
    }
    lanes = _assign_lanes(diagram, exits, entries)
    colours = {source: number for number, source in enumerate(sorted(skips.sources))}
    connectors = []
    for source, target in diagram.edges:
        if source == target - 1:
            ends = (boxes[source].middle, boxes[source].bottom), (boxes[target].middle, boxes[target].y)
            connectors.append(Connector(source, target, ends))
            continue
        way_out, way_in = exits[source], entries[target]
        x = first_lane + dimensions.lane_gap * lanes[source]
        points = (*way_out, (x, way_out[-1][1]), (x, way_in[0][1]), *way_in)
        connectors.append(Connector(source, target, points, colours[source], own_points=len(way_out) + 2))
    return tuple(connectors)


def _exit(box: Box, dimensions: Dimensions, shared: bool) -> tuple[Point, ...]:
    """The path from a box to the point where a horizontal line leads to its lane."""
    if box.join:
        return (box.middle, box.bottom), (box.middle, box.bottom + dimensions.turn)
    half = dimensions.padding[1] + dimensions.line_height("main") / 2
    return ((box.right, dimensions.snapped(box.bottom - half if shared else box.y + box.height / 2)),)


def _entry(box: Box, dimensions: Dimensions, entered_from_above: bool, shared: bool) -> tuple[Point, ...]:
    """The path into a box from the point that a horizontal line from the lanes reaches."""
    if entered_from_above:
        return (box.middle, box.y - dimensions.turn - dimensions.gap / 2), (box.middle, box.y)
    half = dimensions.padding[1] + dimensions.line_height("main") / 2
    return ((box.right, dimensions.snapped(box.y + half if shared else box.y + box.height / 2)),)


def _assign_lanes(
    diagram: Diagram, exits: Mapping[int, tuple[Point, ...]], entries: Mapping[int, tuple[Point, ...]]
) -> dict[int, int]:
    """Assigns a lane to each source.

    Short connections get the inner lanes. Sources whose connections do not overlap vertically can share a lane.
    """
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
    intervals_of_lane: list[list[tuple[float, float]]] = []
    lanes: dict[int, int] = {}
    for source, (top, bottom) in sorted(spans.items(), key=lambda item: (item[1][1] - item[1][0], item[0])):
        free = (
            number
            for number, intervals in enumerate(intervals_of_lane)
            if all(bottom < start or end < top for start, end in intervals)
        )
        lanes[source] = next(free, len(intervals_of_lane))
        if lanes[source] == len(intervals_of_lane):
            intervals_of_lane.append([])
        intervals_of_lane[lanes[source]].append((top, bottom))
    return lanes
