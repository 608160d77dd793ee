"""The layout for networks that are mostly a chain: one column of layers, skip connections in lanes beside it.

The layers stand below each other in topological order, as in figure 7 of Zoph & Le 2017; their names, shapes and
numbers of parameters are written on the left.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import box_of, moved, notes_of, shown_names
from nasctl.render.frames import with_repeats
from nasctl.render.lanes import Traffic, column_connectors, traffic_of
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Box, Scene, Text


def column_layout(diagram: Diagram, metrics: Metrics, *, notes: bool = True) -> Scene:
    """Places the blocks of a diagram in one column.

    Args:
      diagram: What is drawn.
      metrics: The measures.
      notes: Whether anything is written on the left.
    """
    names = shown_names(diagram)
    beside = [_notes(diagram, names, index, metrics) if notes else () for index in range(len(names))]
    written = max((metrics.text_width(note, "note") for lines in beside for note in lines), default=0)
    gap = metrics.note_gap + (metrics.frame_padding[0] if diagram.repeats else 0)
    left = written + gap if written else 0
    traffic = traffic_of(diagram)
    boxes = _stack(diagram, names, traffic, left, metrics)
    right = max(box.right for box in boxes)
    connectors = column_connectors(diagram, boxes, traffic, right + metrics.lane_margin, metrics)
    if traffic.leaving:
        right = max(x for connector in connectors for x, _ in connector.points) + metrics.lane_gap / 2
    texts = tuple(
        Text(written, place, note, "note", "end", metrics.text_width(note, "note"))
        for box, lines in zip(boxes, beside, strict=True)
        for note, place in zip(lines, _note_places(box, len(lines), metrics), strict=True)
    )
    scene = Scene(metrics.snapped(right), boxes[-1].bottom, tuple(boxes), connectors, texts)
    return with_repeats(scene, diagram, metrics)


def _stack(
    diagram: Diagram, names: Sequence[str], traffic: Traffic, left: float, metrics: Metrics
) -> list[Box]:
    """The boxes below each other, all but the joins of one width, with room for what comes in between."""
    width = max(
        box_of(block, metrics, title=name).width for block, name in zip(diagram.blocks, names, strict=True)
    )
    _, above, below = metrics.frame_padding
    firsts = {repeat.first for repeat in diagram.repeats}
    lasts = {repeat.last for repeat in diagram.repeats}
    boxes: list[Box] = []
    y = 0.0
    for index, block in enumerate(diagram.blocks):
        if index > 0:
            y += metrics.gap
            y += metrics.turn * ((index in traffic.from_above) + (index - 1 in traffic.from_below))
            y += above * (index in firsts) + below * (index - 1 in lasts)
        least = 0 if block.is_join else width
        lines = 2 if index in traffic.at_both else 1
        box = box_of(block, metrics, title=names[index], width=least, lines=lines)
        boxes.append(moved(box, left + (width - box.width) / 2, y))
        y += box.height
    return boxes


def _notes(diagram: Diagram, names: Sequence[str], index: int, metrics: Metrics) -> tuple[str, ...]:
    block = diagram.blocks[index]
    notes = notes_of(block)
    if block.is_join or metrics.cells:
        return notes[:1]
    name = "" if index and names[index - 1] == names[index] else names[index]
    return tuple(line for line in (name, " · ".join(notes)) if line)


def _note_places(box: Box, count: int, metrics: Metrics) -> list[float]:
    """y of each of the lines of text beside a box."""
    line = metrics.line_height("note")
    top = box.y + box.height / 2 - line * (count - 1) / 2
    return [
        metrics.snapped(top + line * number) if metrics.cells else top + line * number
        for number in range(count)
    ]
