"""The dimensions of a drawing, in pixels or in terminal cells. The same layouts serve both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nasctl.foreign_text import display_width
from nasctl.render.scene import Role

# Widths of the characters from space to tilde in DejaVu Sans, in hundredths of the font size. Since that font is
# wide, text in most other sans-serif fonts fits too.
_WIDTHS = (
    *(32, 40, 46, 84, 64, 95, 78, 27, 39, 39, 50, 84, 32, 36, 32, 34),  # space to /
    *(64, 64, 64, 64, 64, 64, 64, 64, 64, 64, 34, 34, 84, 84, 84, 53),  # 0 to ?
    *(100, 68, 69, 70, 77, 63, 58, 77, 75, 29, 29, 66, 56, 86, 75, 79),  # @ to O
    *(60, 79, 69, 63, 61, 73, 68, 99, 69, 61, 69, 39, 34, 39, 84, 50),  # P to _
    *(50, 61, 63, 55, 63, 62, 35, 63, 63, 28, 28, 58, 28, 97, 63, 61),  # ` to o
    *(63, 63, 41, 52, 39, 63, 59, 82, 59, 59, 52, 64, 34, 64, 84),  # p to ~
)
_OTHER_WIDTHS = {"·": 32, "×": 84, "…": 100}
_WIDEST = 100

FONT_SIZES: Mapping[Role, float] = {"title": 17, "main": 13, "detail": 11, "note": 11}
"""Font size of each role of text, in pixels."""


@dataclass(frozen=True)
class Dimensions:
    """Sizes and distances in a drawing.

    Attributes:
      margin: Margin around the drawing.
      padding: Horizontal and vertical distance between the outline of a box and its text.
      join_padding: The same for joins.
      gap: Vertical distance between boxes.
      column_gap: Horizontal distance between boxes of a row.
      turn: Vertical space that a connector needs to turn.
      lane_margin: Distance between the boxes and the first lane.
      lane_gap: Distance between two lanes.
      track_gap: Distance between two horizontal tracks.
      port_gap: Distance between two connectors that enter a box from above.
      note_gap: Distance between the notes on the left and the boxes.
      frame_padding: Distance between a frame and its boxes: horizontal, above, below.
      cells: Whether the unit is a terminal cell instead of a pixel.
    """

    margin: float
    padding: tuple[float, float]
    join_padding: tuple[float, float]
    gap: float
    column_gap: float
    turn: float
    lane_margin: float
    lane_gap: float
    track_gap: float
    port_gap: float
    note_gap: float
    frame_padding: tuple[float, float, float]
    cells: bool = False

    def text_width(self, text: str, role: Role) -> float:
        """Width of a text."""
        if self.cells:
            return display_width(text) - 1  # from the middle of the first cell to that of the last
        hundredths = sum(
            _WIDTHS[ord(c) - 32] if " " <= c <= "~" else _OTHER_WIDTHS.get(c, _WIDEST) for c in text
        )
        return hundredths * FONT_SIZES[role] / 100

    def line_height(self, role: Role) -> float:
        """Height of a line of text."""
        return 1 if self.cells else round(FONT_SIZES[role] * 1.4)

    def snapped(self, coordinate: float) -> float:
        """Rounds a coordinate down to the middle of a cell, or to a whole pixel."""
        return math.floor(coordinate)

    def even(self, width: float) -> float:
        """Rounds a width up to a multiple of two, so that the middle of a box is a whole coordinate."""
        return 2 * math.ceil(width / 2)


PIXELS = Dimensions(
    margin=24,
    padding=(16, 8),
    join_padding=(10, 2),
    gap=22,
    column_gap=22,
    turn=10,
    lane_margin=22,
    lane_gap=12,
    track_gap=10,
    port_gap=16,
    note_gap=14,
    frame_padding=(14, 14, 14),
)

CELLS = Dimensions(
    margin=0,
    padding=(2, 0.5),
    join_padding=(1, -0.5),
    gap=2,
    column_gap=3,
    turn=1,
    lane_margin=2,
    lane_gap=2,
    track_gap=1,
    port_gap=2,
    note_gap=2,
    frame_padding=(2, 2, 1),
    cells=True,
)
