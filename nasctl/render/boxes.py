"""The box of a block: its size and its texts, at the origin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasctl.foreign_text import display_width
from nasctl.render.blocks import Block, Diagram, Label
from nasctl.render.dimensions import Dimensions
from nasctl.render.scene import Box, Role, Text


def format_shape(shape: Sequence[int]) -> str:
    """Formats a shape, such as `8×8×36`."""
    return "×".join(str(size) for size in shape)


def format_count(count: int) -> str:
    """Formats a count, such as `12,672`, `1.23 M` or `4.56 G`."""
    for unit, name in ((1e9, "G"), (1e6, "M")):
        if count >= unit:
            return f"{count / unit:.2f} {name}"
    return f"{count:,}"


def notes_of(block: Block) -> tuple[str, ...]:
    """The notes beside a block: the shape of its value and its number of parameters."""
    notes = [] if block.shape is None else [format_shape(block.shape)]
    if block.params:
        notes.append(f"{format_count(block.params)} params")
    return tuple(notes)


def make_box(
    block: Block,
    dimensions: Dimensions,
    *,
    title: str = "",
    width: float = 0,
    min_lines: int = 1,
    notes: Sequence[str] = (),
    named: bool = False,
) -> Box:
    """The box of a block, with its upper left corner at the origin.

    Args:
      block: The block.
      dimensions: The dimensions of the drawing, in pixels or cells.
      title: The name to show, if any.
      width: Minimum width.
      min_lines: Minimum number of lines of text that the box can hold.
      notes: Texts below the labels.
      named: Whether a title in pixels is written above the labels. In cells, the title is always part of the
        outline, and a box that is not `named` has all labels on one line.
    """
    labels = [
        Label(line.text, line.detail or block.is_join)
        for line in (_joined(block) if dimensions.cells and not named else _paired(block))
    ]
    texts: list[tuple[str, Role]] = [(line.text, "detail" if line.detail else "main") for line in labels]
    texts += [(note, "note") for note in notes]
    if named and title and not dimensions.cells:
        texts.insert(0, (title, "note"))
    text_width = max(dimensions.text_width(text, role) for text, role in texts)
    across, down = dimensions.join_padding if block.is_join else dimensions.padding
    if dimensions.cells and not block.is_join:
        # The name is part of the outline.
        text_width = max(text_width, display_width(title) + 5 - 2 * across)
    width = dimensions.even(max(width, text_width + 2 * across))
    heights = [dimensions.line_height(role) for _, role in texts]
    height = 2 * down + max(sum(heights), min_lines * heights[0])
    y = down if dimensions.cells else (height - sum(heights)) / 2
    placed = []
    for (text, role), line in zip(texts, heights, strict=True):
        placed.append(Text(width / 2, y + line / 2, text, role, "middle", width - 2 * across))
        y += line
    return Box(0, 0, width, height, block.family, block.name, title, tuple(placed), join=block.is_join)


def shown_names(diagram: Diagram) -> list[str]:
    """The names to show for the blocks of a diagram.

    A name is empty for joins and for blocks whose first label is already the name. In a repeated section, names
    are shown without the prefix of the section, which is written at its frame.
    """
    begins = {block: repeat.prefix for repeat in diagram.repeats for block in repeat.blocks}
    return [
        ""
        if block.is_join or block.labels[0].text == block.name
        else block.name.removeprefix(begins.get(index, ""))
        for index, block in enumerate(diagram.blocks)
    ]


def moved(box: Box, x: float, y: float) -> Box:
    """The box with its upper left corner at (x, y)."""
    dx, dy = x - box.x, y - box.y
    texts = tuple(replace(text, x=text.x + dx, y=text.y + dy) for text in box.texts)
    return replace(box, x=x, y=y, texts=texts)


def _joined(block: Block) -> list[Label]:
    """The labels of a block on a single line."""
    return [Label(" · ".join(line.text for line in block.labels))]


def _paired(block: Block) -> list[Label]:
    """The labels of a block, with consecutive details on one line."""
    lines: list[Label] = []
    for line in block.labels:
        if lines and line.detail and lines[-1].detail:
            lines[-1] = Label(f"{lines[-1].text} · {line.text}", detail=True)
        else:
            lines.append(line)
    return lines
