"""The box of a block: its size and its texts, before a layout gives it its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasctl.render.blocks import Block, Diagram, Line
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Box, Role, Text


def shown_shape(shape: Sequence[int]) -> str:
    """How drawings write a shape: `8×8×36`."""
    return "×".join(str(size) for size in shape)


def shown_count(count: int) -> str:
    """How drawings write a number of things: `12,672`, `1.23 M`, `4.56 G`."""
    for unit, name in ((1e9, "G"), (1e6, "M")):
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return f"{count:,}"


def notes_of(block: Block) -> tuple[str, ...]:
    """What is written beside a block: the shape of its value and its number of parameters."""
    notes = [] if block.shape is None else [shown_shape(block.shape)]
    if block.params:
        notes.append(f"{shown_count(block.params)} params")
    return tuple(notes)


def box_of(
    block: Block,
    metrics: Metrics,
    *,
    title: str = "",
    width: float = 0,
    lines: int = 1,
    notes: Sequence[str] = (),
    named: bool = False,
) -> Box:
    """The box of a block with its upper left corner at the origin.

    Args:
      block: What it shows.
      metrics: The measures.
      title: Its name, where it is to be read.
      width: The least width.
      lines: The least number of lines of text that it has room for.
      notes: What is written below the labels of its ops.
      named: Whether the title is written over them, which in cells it always is, in the outline. A box in cells
        that is not has all labels in one line.
    """
    labels = [
        Line(line.text, line.detail or block.is_join)
        for line in (_joined(block) if metrics.cells and not named else _paired(block))
    ]
    texts: list[tuple[str, Role]] = [(line.text, "detail" if line.detail else "main") for line in labels]
    texts += [(note, "note") for note in notes]
    if named and title and not metrics.cells:
        texts.insert(0, (title, "note"))
    room = max(metrics.text_width(text, role) for text, role in texts)
    across, down = metrics.join_padding if block.is_join else metrics.padding
    if metrics.cells and not block.is_join:
        room = max(room, len(title) + 5 - 2 * across)  # the name is written into the outline
    width = metrics.even(max(width, room + 2 * across))
    heights = [metrics.line_height(role) for _, role in texts]
    height = 2 * down + max(sum(heights), lines * heights[0])
    y = down if metrics.cells else (height - sum(heights)) / 2
    placed = []
    for (text, role), line in zip(texts, heights, strict=True):
        placed.append(Text(width / 2, y + line / 2, text, role, "middle", width - 2 * across))
        y += line
    return Box(0, 0, width, height, block.family, block.name, title, tuple(placed), join=block.is_join)


def shown_names(diagram: Diagram) -> list[str]:
    """The names that are written at the blocks: none where the text in it is the name, or at a mere join.

    Within a repeated part, names are written without what they all begin with, which stands at its frame.
    """
    begins = {block: repeat.name for repeat in diagram.repeats for block in repeat.blocks}
    return [
        ""
        if block.is_join or block.lines[0].text == block.name
        else block.name.removeprefix(begins.get(index, ""))
        for index, block in enumerate(diagram.blocks)
    ]


def moved(box: Box, x: float, y: float) -> Box:
    """The box with its upper left corner at a place."""
    dx, dy = x - box.x, y - box.y
    texts = tuple(replace(text, x=text.x + dx, y=text.y + dy) for text in box.texts)
    return replace(box, x=x, y=y, texts=texts)


def _joined(block: Block) -> list[Line]:
    """The lines of a block as a single one."""
    return [Line(" · ".join(line.text for line in block.lines))]


def _paired(block: Block) -> list[Line]:
    """The lines of a block; details that follow each other share one."""
    lines: list[Line] = []
    for line in block.lines:
        if lines and line.detail and lines[-1].detail:
            lines[-1] = Line(f"{lines[-1].text} · {line.text}", detail=True)
        else:
            lines.append(line)
    return lines
