"""The frames around what is repeated, once a layout has given the boxes their places and left room between them."""

from __future__ import annotations

from dataclasses import replace

from nasctl.render.blocks import Diagram, Repeat
from nasctl.render.metrics import Metrics
from nasctl.render.scene import Frame, Role, Scene, Text


def with_repeats(scene: Scene, diagram: Diagram, metrics: Metrics) -> Scene:
    """Draws a frame around each repeated part and writes beside it how often the network has it."""
    if not diagram.repeats:
        return scene
    across, above, below = metrics.frame_padding
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
        middle = metrics.snapped((top + bottom) / 2)
        texts += _beside(repeat, right + across, middle, metrics)
    left = min(0.0, *(frame.x for frame in frames))
    right = max(scene.width, *(text.x + text.room for text in texts))
    framed = replace(scene, width=right - left, frames=(*scene.frames, *frames), texts=(*scene.texts, *texts))
    return framed.moved(-left, 0)


def _beside(repeat: Repeat, x: float, y: float, metrics: Metrics) -> list[Text]:
    """What is written beside a frame: how often, and of what the drawing shows the first."""
    lines: list[tuple[str, Role]] = [(f"× {repeat.times}", "main")]
    if repeat.name:
        first, until = repeat.name.removesuffix("."), repeat.until.removesuffix(".")
        number = until.removeprefix(first.rstrip("0123456789"))
        lines.append((f"{first} to {number}", "note"))
    line = metrics.line_height("main")
    return [
        Text(x, y + line * row, text, role, "start", metrics.text_width(text, role))
        for row, (text, role) in enumerate(lines)
    ]
