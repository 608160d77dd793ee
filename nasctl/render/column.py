"""The column layout, for networks that are mostly a chain.

The blocks form one column in topological order, as in figure 7 of Zoph & Le 2017. Skip connections run in lanes
to the right of it. Names, shapes and numbers of parameters are written to the left.
"""

from __future__ import annotations

from collections.abc import Sequence

from nasctl.render.blocks import Diagram
from nasctl.render.boxes import make_box, moved, notes_of, shown_names
from nasctl.render.dimensions import Dimensions
from nasctl.render.frames import with_repeats
from nasctl.render.lanes import SkipConnections, column_connectors, skip_connections_of
from nasctl.render.scene import Box, Scene, Text


def column_layout(diagram: Diagram, dimensions: Dimensions, *, notes: bool = True) -> Scene:
    """Arranges the blocks of a diagram in one column.

    Args:
      diagram: The diagram.
      dimensions: The dimensions of the drawing, in pixels or cells.
      notes: Whether to write notes to the left of the blocks.
    """
    names = shown_names(diagram)
    beside = [_notes(diagram, names, index, dimensions) if notes else () for index in range(len(names))]
    written = max((dimensions.text_width(note, "note") for lines in beside for note in lines), default=0)
    gap = dimensions.note_gap + (dimensions.frame_padding[0] if diagram.repeats else 0)
    left = written + gap if written else 0
    skips = skip_connections_of(diagram)
    boxes = _stack(diagram, names, skips, left, dimensions)
    right = max(box.right for box in boxes)
    connectors = column_connectors(diagram, boxes, skips, right + dimensions.lane_margin, dimensions)
    if skips.sources:
        right = max(x for connector in connectors for x, _ in connector.points) + dimensions.lane_gap / 2
    texts = tuple(
        Text(written, y, note, "note", "end", dimensions.text_width(note, "note"))
        for box, lines in zip(boxes, beside, strict=True)
        for note, y in zip(lines, _note_ys(box, len(lines), dimensions), strict=True)
    )
    scene = Scene(dimensions.snapped(right), boxes[-1].bottom, tuple(boxes), connectors, texts)
    return with_repeats(scene, diagram, dimensions)


def _stack(
    diagram: Diagram, names: Sequence[str], skips: SkipConnections, left: float, dimensions: Dimensions
) -> list[Box]:
    """The boxes of the blocks, one below the other, with gaps for connectors and frames.

    All boxes but the joins have the same width.
    """
    width = max(
        make_box(block, dimensions, title=name).width
        for block, name in zip(diagram.blocks, names, strict=True)
    )
    _, above, below = dimensions.frame_padding
    firsts = {repeat.first for repeat in diagram.repeats}
    lasts = {repeat.last for repeat in diagram.repeats}
    boxes: list[Box] = []
    y = 0.0
    for index, block in enumerate(diagram.blocks):
        if index > 0:
            y += dimensions.gap
            y += dimensions.turn * (
                (index in skips.entered_from_above) + (index - 1 in skips.left_from_below)
            )
            y += above * (index in firsts) + below * (index - 1 in lasts)
        least = 0 if block.is_join else width
        lines = 2 if index in skips.both_at_side else 1
        box = make_box(block, dimensions, title=names[index], width=least, min_lines=lines)
        boxes.append(moved(box, left + (width - box.width) / 2, y))
        y += box.height
    return boxes


def _notes(diagram: Diagram, names: Sequence[str], index: int, dimensions: Dimensions) -> tuple[str, ...]:
    """The notes to the left of a block."""
    block = diagram.blocks[index]
    notes = notes_of(block)
    if block.is_join or dimensions.cells:
        return notes[:1]
    name = "" if index and names[index - 1] == names[index] else names[index]
    return tuple(line for line in (name, " · ".join(notes)) if line)


def _note_ys(box: Box, count: int, dimensions: Dimensions) -> list[float]:
    """y of each line of notes beside a box."""
    line = dimensions.line_height("note")
    top = box.y + box.height / 2 - line * (count - 1) / 2
    return [
        dimensions.snapped(top + line * number) if dimensions.cells else top + line * number
        for number in range(count)
    ]
