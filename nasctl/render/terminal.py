"""Draws a scene with the box-drawing characters of a terminal, or in plain ASCII."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import TYPE_CHECKING

from nasctl.foreign_text import cells, display_width
from nasctl.graph import Graph
from nasctl.render.layout import Heading, lay_out_cells
from nasctl.render.scene import Box, Connector, Frame, Scene, Text

if TYPE_CHECKING:
    from rich.text import Text as RichText

_UP, _RIGHT, _DOWN, _LEFT = 1, 2, 4, 8

_CHARACTERS = " ╵╶╰╷│╭├╴╯─┴╮┤┬┼"
"""The character for each combination of the directions in which lines leave a cell, as a bit mask."""

_DIRECTIONS: Mapping[tuple[int, int], int] = {(0, -1): _UP, (1, 0): _RIGHT, (0, 1): _DOWN, (-1, 0): _LEFT}

_ARROWS: Mapping[tuple[int, int], str] = {(0, -1): "▲", (1, 0): "▶", (0, 1): "▼", (-1, 0): "◀"}

_ASCII = str.maketrans("╵╶╰╷│╭├╴╯─┴╮┤┬┼▼◀▶▲×·…", "|-+||++-+-+++++v<>^x-~")

_FAMILY_STYLES: Mapping[str, str] = {
    "source": "bright_black",
    "compute": "blue",
    "activate": "yellow",
    "pool": "green",
    "output": "magenta",
}
_LANE_STYLES = ("cyan", "yellow", "green", "magenta", "blue", "red")
_TEXT_STYLES: Mapping[str, str] = {"title": "bold", "detail": "bright_black", "note": "bright_black"}


def render_terminal(
    graph: Graph, heading: Heading | None = None, *, width: int = 80, ascii_only: bool = False
) -> RichText:
    """Draws a graph as styled text for a terminal.

    Args:
      graph: The graph. The drawing shows shapes if it is bound.
      heading: The heading of the drawing.
      width: Number of columns of the terminal. A drawing that cannot be that narrow is wider.
      ascii_only: Whether to use only ASCII characters.

    Returns:
      Text of the Rich library. Its `plain` is the text without styles.
    """
    return write_terminal(lay_out_cells(graph, heading, width=width), ascii_only=ascii_only)


def write_terminal(scene: Scene, *, ascii_only: bool = False) -> RichText:
    """Draws a scene in terminal cells as styled text."""
    from rich.text import Text as RichText

    canvas = _Canvas()
    for frame in scene.frames:
        canvas.outline(frame, "bright_black")
    for connector in scene.connectors:
        canvas.connect(connector)
    for box in scene.boxes:
        canvas.box(box)
    for text in scene.texts:
        canvas.write(text, _TEXT_STYLES.get(text.role, ""))
    drawing = RichText(no_wrap=True, overflow="ignore", end="")
    for row in range(canvas.height):
        for character, style in canvas.row(row):
            drawing.append(_ascii(character) if ascii_only else character, style or None)
        drawing.append("\n")
    return drawing


@dataclass(frozen=True)
class _Piece:
    """The part of a connector in one cell.

    Attributes:
      source: Index of the source box.
      end: The point at which the connector enters its target.
      directions: Bit mask of the directions in which the line leaves the cell.
      style: Its colour.
    """

    source: int
    end: tuple[int, int]
    directions: int
    style: str

    def belongs_to(self, other: _Piece) -> bool:
        """Whether two lines in a cell branch or join, instead of crossing."""
        return self.source == other.source or self.end == other.end


@dataclass
class _Canvas:
    """A grid of cells.

    Attributes:
      written: Characters and their styles by cell (column, row). They cover lines.
      outlines: Directions and style of the outlines of boxes, by cell.
      pieces: The parts of connectors in each cell.
    """

    written: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    outlines: dict[tuple[int, int], tuple[int, str]] = field(default_factory=dict)
    pieces: dict[tuple[int, int], list[_Piece]] = field(default_factory=dict)

    @property
    def height(self) -> int:
        """Number of rows."""
        return 1 + max((row for _, row in (*self.written, *self.outlines, *self.pieces)), default=-1)

    def row(self, number: int) -> list[tuple[str, str]]:
        """The characters of a row and their styles, without trailing blanks."""
        columns = [x for x, y in (*self.written, *self.outlines, *self.pieces) if y == number]
        return [self._cell((column, number)) for column in range(max(columns, default=-1) + 1)]

    def outline(self, shape: Box | Frame, style: str) -> None:
        """Draws the outline of a box or a frame."""
        left, top = int(shape.x), int(shape.y)
        right, bottom = int(shape.x + shape.width), int(shape.y + shape.height)
        for x in range(left, right + 1):
            across = (x > left) * _LEFT | (x < right) * _RIGHT
            self.outlines[x, top] = across | (x in (left, right)) * _DOWN, style
            self.outlines[x, bottom] = across | (x in (left, right)) * _UP, style
        for y in range(top + 1, bottom):
            self.outlines[left, y] = self.outlines[right, y] = (_UP | _DOWN, style)

    def box(self, box: Box) -> None:
        """Draws a box with its title in the outline. A join is drawn as text in parentheses."""
        style = _FAMILY_STYLES.get(box.family, "")
        if box.join:
            (text,) = box.texts
            inner_width = int(box.width) - 1
            room = inner_width - display_width(text.content)
            content = text.content.center(len(text.content) + room) if room > 1 else text.content
            self.write(replace(text, content=f"({content})"), "")
            return
        else:
            self.outline(box, style)
            for offset, character in enumerate(cells(f" {box.title} ") if box.title else ()):
                self.written[int(box.x) + 2 + offset, int(box.y)] = (character, "bright_black")
        for text in box.texts:
            self.write(text, _TEXT_STYLES.get(text.role, ""))

    def write(self, text: Text, style: str) -> None:
        """Writes a text."""
        characters = cells(text.content)
        length = len(characters) - 1
        start: float = {"start": text.x, "middle": text.x - length / 2, "end": text.x - length}[text.align]
        for offset, character in enumerate(characters):
            self.written[math.floor(start) + offset, int(text.y)] = (character, style)

    def connect(self, connector: Connector) -> None:
        """Draws the line of a connector, with its arrowhead in the last cell before the target."""
        colour = _LANE_STYLES[connector.lane % len(_LANE_STYLES)] if connector.lane is not None else ""
        corners = [(int(x), int(y)) for x, y in connector.points]
        last = (0, 0)
        for number, ((x, y), (to_x, to_y)) in enumerate(pairwise(corners)):
            style = colour if number < connector.own_points - 1 else "bright_black"
            dx, dy = _sign(to_x - x), _sign(to_y - y)
            while (x, y) != (to_x, to_y):
                self._add((x, y), _Piece(connector.source, corners[-1], _DIRECTIONS[dx, dy], style))
                last = (x, y)
                x, y = x + dx, y + dy
                if (x, y) != corners[-1]:
                    self._add((x, y), _Piece(connector.source, corners[-1], _DIRECTIONS[-dx, -dy], style))
        self.written[last] = (
            _ARROWS[_sign(corners[-1][0] - last[0]), _sign(corners[-1][1] - last[1])],
            "bright_black",
        )

    def _add(self, cell: tuple[int, int], piece: _Piece) -> None:
        pieces = self.pieces.setdefault(cell, [])
        if pieces and (pieces[-1].source, pieces[-1].end) == (piece.source, piece.end):
            piece = replace(piece, directions=piece.directions | pieces.pop().directions)
        pieces.append(piece)

    def _cell(self, cell: tuple[int, int]) -> tuple[str, str]:
        if cell in self.written:
            return self.written[cell]
        directions, style = self.outlines.get(cell, (0, ""))
        pieces = self.pieces.get(cell, [])
        upright = [piece for piece in pieces if piece.directions & (_UP | _DOWN)]
        shown = upright or pieces  # where lines cross, the horizontal one is hidden
        together = shown[:1]
        for piece in [*pieces, *pieces]:
            if piece not in together and any(piece.belongs_to(other) for other in together):
                together.append(piece)
        for piece in together:
            directions |= piece.directions
        return _CHARACTERS[directions], style or (shown[0].style if shown else "")


def _ascii(character: str) -> str:
    """The nearest ASCII character, or a question mark; also for the second column of a wide character."""
    return (character[:1] or "?").translate(_ASCII).encode("ascii", "replace").decode()


def _sign(number: int) -> int:
    return (number > 0) - (number < 0)
