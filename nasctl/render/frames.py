"""Frames around repeated sections."""

from __future__ import annotations

from dataclasses import replace

from nasctl.render.blocks import Diagram, RepeatedSection
from nasctl.render.dimensions import Dimensions
from nasctl.render.scene import Frame, Role, Scene, Text


def with_repeats(scene: Scene, diagram: Diagram, dimensions: Dimensions) -> Scene:
    """Draws a frame around each repeated section of a scene and writes the number of repetitions beside it."""
    if not diagram.repeats:
        return scene
    across, above, below = dimensions.frame_padding
    frames: list[Frame] = []
    texts: list[Text] = []
    for repeat in diagram.repeats:
        boxes = [scene.boxes[block] for block in repeat.blocks]
        xs = [
            x
            for connector in scene.connectors
            if connector.source in repeat.blocks and connector.target in repeat.blocks
            for x, _ in connector.points
        ]
        left = min([*xs, *(box.x for box in boxes)]) - across
        right = max([*xs, *(box.right for box in boxes)]) + across
        top = min(box.y for box in boxes) - above
        bottom = max(box.bottom for box in boxes) + below
        frames.append(Frame(left, top, right - left, bottom - top))
        middle = dimensions.snapped((top + bottom) / 2)
        texts += _beside(repeat, right + across, middle, dimensions)
    left = min(0.0, *(frame.x for frame in frames))
    right = max(scene.width, *(text.x + text.width for text in texts))
    framed = replace(scene, width=right - left, frames=(*scene.frames, *frames), texts=(*scene.texts, *texts))
    return framed.moved(-left, 0)


def _beside(repeat: RepeatedSection, x: float, y: float, dimensions: Dimensions) -> list[Text]:
    """The texts beside a frame: the number of repetitions and the range of names of the sections."""
    lines: list[tuple[str, Role]] = [(f"× {repeat.times}", "main")]
    if repeat.prefix:
        first, last = repeat.prefix.removesuffix("."), repeat.last_prefix.removesuffix(".")
        number = last.removeprefix(first.rstrip("0123456789"))
        lines.append((f"{first} to {number}", "note"))
    line = dimensions.line_height("main")
    return [
        Text(x, y + line * row, text, role, "start", dimensions.text_width(text, role))
        for row, (text, role) in enumerate(lines)
    ]
