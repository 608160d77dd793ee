"""The box of a block: its size and its texts, before a layout gives it its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasctl.render.blocks import Block, Line
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
    block: Block, metrics: Metrics, *, width: float = 0, notes: Sequence[str] = (), lines: int = 0
) -> Box:
    """The box of a block with its upper left corner at the origin.

    Args:
      block: What it shows.
      metrics: The measures.
      width: The least width.
      notes: What is written below the labels of its ops.
      lines: The least number of lines of text that it has room for.
    """
    texts: list[tuple[str, Role]] = [
        (line.text, "detail" if line.detail or block.is_join else "main") for line in _merged(block, metrics)
    ]
    texts += [(note, "note") for note in notes]
    across, down = metrics.join_padding if block.is_join else metrics.padding
    room = max(metrics.text_width(text, role) for text, role in texts)
    if not block.is_join:
        width = max(width, metrics.least_width)
        if metrics.cells:
            room = max(room, len(block.name) + 1)  # the name is written into the outline
    width = metrics.even(max(width, room + 2 * across))
    heights = [metrics.line_height(role) for _, role in texts]
    height = 2 * down + max(sum(heights), lines * heights[0])
    y = (height - sum(heights)) / 2 if not metrics.cells else down
    placed = []
    for (text, role), line in zip(texts, heights, strict=True):
        placed.append(Text(width / 2, y + line / 2, text, role, "middle", width - 2 * across))
        y += line
    return Box(0, 0, width, height, block.family, block.name, tuple(placed), join=block.is_join)


def moved(box: Box, x: float, y: float) -> Box:
    """The box with its upper left corner at a place."""
    dx, dy = x - box.x, y - box.y
    texts = tuple(replace(text, x=text.x + dx, y=text.y + dy) for text in box.texts)
    return replace(box, x=x, y=y, texts=texts)


def _merged(block: Block, metrics: Metrics) -> list[Line]:
    """The lines of a block; details that follow each other share one."""
    merged: list[Line] = []
    for line in block.lines:
        if merged and ((line.detail and merged[-1].detail) or metrics.cells):
            merged[-1] = replace(merged[-1], text=f"{merged[-1].text} · {line.text}")
        else:
            merged.append(line)
    return merged
