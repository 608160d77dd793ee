"""The layout for networks that are mostly a chain: one column of layers, skip connections in lanes beside it.

The layers stand below each other in topological order, as in figure 7 of Zoph & Le 2017. What a layer passes on to
another than the next leaves it on the right, runs down a lane of its own and turns off to every layer that reads
it; all lanes that turn off to the same layer share the last part of the way. So there is one vertical line a
source and one horizontal line a target, whatever the number of connections, and none runs along another.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import box_of, moved, notes_of, shown_names
from nasctl.render.frames import with_repeats
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Box, Connector, Point, Scene, Text


def column_layout(diagram: Diagram, metrics: Metrics, *, notes: bool = True) -> Scene:
    """Places the blocks of a diagram in one column.

    Args:
      diagram: What is drawn.
      metrics: The measures.
      notes: Whether names, shapes and numbers of parameters are written on the left.
    """
    count = len(diagram.blocks)
    direct = {target for source, target in diagram.edges if source == target - 1}
    skipping = sorted({source for source, target in diagram.edges if source < target - 1})
    entered = {target for source, target in diagram.edges if source < target - 1}
    joins = {index for index, block in enumerate(diagram.blocks) if block.is_join}
    from_above = entered - direct - joins  # what only lanes reach, they enter where the direct way would
    from_below = joins.intersection(skipping)  # lanes come into a join from the side, so its own begins below
    at_both = (
        entered.intersection(skipping) - from_above - joins
    )  # lanes that come and go share the right side
    titles = shown_names(diagram)
    beside = [_notes(diagram, titles, index, metrics) if notes else () for index in range(count)]
    left = max((metrics.text_width(note, "note") for lines in beside for note in lines), default=0)
    note_gap = metrics.note_gap + (metrics.frame_padding[0] if diagram.repeats else 0)
    left += note_gap if left else 0

    width = max(
        box_of(block, metrics, title=title).width for block, title in zip(diagram.blocks, titles, strict=True)
    )
    axis = left + width / 2
    firsts, lasts = (
        {repeat.first for repeat in diagram.repeats},
        {repeat.last for repeat in diagram.repeats},
    )
    _, above, below = metrics.frame_padding
    boxes: list[Box] = []
    y = 0.0
    for index, block in enumerate(diagram.blocks):
        box = box_of(
            block,
            metrics,
            title=titles[index],
            width=0 if block.is_join else width,
            lines=2 if index in at_both else 1,
        )
        if index > 0:
            y += metrics.gap
            y += metrics.turn * (index in from_above) + metrics.turn * (index - 1 in from_below)
            y += above * (index in firsts) + below * (index - 1 in lasts)
        boxes.append(moved(box, axis - box.width / 2, y))
        y += box.height

    exits = {index: _exit(boxes[index], metrics, index in at_both) for index in skipping}
    entries = {
        index: _entry(boxes[index], metrics, index in from_above, index in at_both) for index in entered
    }
    lanes = _assign_lanes(diagram, exits, entries)
    first_lane = left + width + metrics.lane_margin
    lane_x = {source: first_lane + lane * metrics.lane_gap for source, lane in lanes.items()}
    colours = {source: number for number, source in enumerate(skipping)}

    connectors = []
    for source, target in diagram.edges:
        if source == target - 1:
            connectors.append(
                Connector(source, target, ((axis, boxes[source].bottom), (axis, boxes[target].y)))
            )
            continue
        way_out, way_in, x = exits[source], entries[target], lane_x[source]
        points = (*way_out, (x, way_out[-1][1]), (x, way_in[0][1]), *way_in)
        connectors.append(Connector(source, target, points, colours[source], len(way_out) + 2))
    texts = tuple(
        Text(left - note_gap, place, note, "note", "end", metrics.text_width(note, "note"))
        for box, lines in zip(boxes, beside, strict=True)
        for note, place in zip(lines, _note_places(box, len(lines), metrics), strict=True)
    )
    right = max(lane_x.values()) + metrics.lane_gap / 2 if lane_x else left + width
    scene = Scene(metrics.snapped(right), y, tuple(boxes), tuple(connectors), texts)
    return with_repeats(scene, diagram, metrics)


def _notes(diagram: Diagram, titles: Sequence[str], index: int, metrics: Metrics) -> tuple[str, ...]:
    block = diagram.blocks[index]
    notes = notes_of(block)
    if block.is_join or metrics.cells:
        return notes[:1]
    name = "" if index and titles[index - 1] == titles[index] else titles[index]
    return tuple(line for line in (name, " · ".join(notes)) if line)


def _note_places(box: Box, count: int, metrics: Metrics) -> list[float]:
    """y of each of the lines of text beside a box."""
    line = metrics.line_height("note")
    top = box.y + box.height / 2 - line * (count - 1) / 2
    return [
        metrics.snapped(top + line * number) if metrics.cells else top + line * number
        for number in range(count)
    ]


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
    diagram: Diagram, exits: dict[int, tuple[Point, ...]], entries: dict[int, tuple[Point, ...]]
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
