"""The measures of a drawing: in pixels, or in cells of a terminal. One layout serves both."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from nasctl.render.scene import Role

# Widths of the characters from space to tilde, in hundredths of the font size, of a wide sans-serif (DejaVu Sans):
# what is laid out with them has room for the text in whatever font a viewer has.
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
"""Font size of each kind of text, in pixels."""


@dataclass(frozen=True)
class Metrics:
    """Measures of the things in a drawing.

    Attributes:
      margin: Around the whole.
      padding: Between the outline of a box and its text: horizontal, vertical.
      join_padding: The same for joins.
      gap: Between the boxes of a column.
      column_gap: Between the boxes of a row.
      turn: Vertical room that a connector needs to come in from the side.
      lane_margin: Between the boxes and the first lane.
      lane_gap: Between two lanes.
      track_gap: Between two horizontal connectors in the gap of two rows.
      port_gap: Between two connectors that enter a box from above.
      note_gap: Between the notes on the left and the boxes.
      frame_padding: Between a frame and the boxes in it: horizontal, above, below.
      cells: Whether places are whole cells of a terminal.
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
        """Room that a text needs."""
        if self.cells:
            return len(text) - 1  # from the middle of the first cell to that of the last
        hundredths = sum(
            _WIDTHS[ord(c) - 32] if " " <= c <= "~" else _OTHER_WIDTHS.get(c, _WIDEST) for c in text
        )
        return hundredths * FONT_SIZES[role] / 100

    def line_height(self, role: Role) -> float:
        """Height of a line of text."""
        return 1 if self.cells else round(FONT_SIZES[role] * 1.4)

    def snapped(self, place: float) -> float:
        """A place where a line can be drawn: the middle of a cell, or a whole pixel."""
        return math.floor(place)

    def even(self, width: float) -> float:
        """The least width, no less than a given one, whose half is a place."""
        return 2 * math.ceil(width / 2)


PIXELS = Metrics(
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

CELLS = Metrics(
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
