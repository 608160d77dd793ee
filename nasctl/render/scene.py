"""A picture as data: boxes, texts and connectors with their places, the same for every kind of output.

Units are those of the `Metrics` that a scene was laid out with: pixels, or cells of a terminal. y grows downwards.
A box is given by its outline; a text by the middle of its line; a connector by the corners of an orthogonal path.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Point = tuple[float, float]
Role = Literal["title", "main", "detail", "note"]
Align = Literal["start", "middle", "end"]


@dataclass(frozen=True)
class Text:
    """One line of text.

    Attributes:
      x: Where it starts, has its middle, or ends, by `align`.
      y: Middle of the line.
      content: What is written.
      role: How it is written.
      align: What `x` is.
      room: Width that is reserved for it.
    """

    x: float
    y: float
    content: str
    role: Role
    align: Align
    room: float

    @property
    def left(self) -> float:
        """Where the room of the text begins."""
        return self.x - self.room * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.align]


@dataclass(frozen=True)
class Box:
    """The box of a block.

    Attributes:
      x, y: Its upper left corner.
      width, height: Its size.
      family: What decides its colour (`Op.family`).
      name: Name of the block.
      title: The same where it is to be read in the drawing; empty otherwise.
      texts: What is written in it.
      join: Whether it is drawn as a small join and not as a layer.
    """

    x: float
    y: float
    width: float
    height: float
    family: str
    name: str
    title: str
    texts: tuple[Text, ...]
    join: bool = False

    @property
    def middle(self) -> float:
        """x of its vertical axis."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """y of its lower edge."""
        return self.y + self.height

    @property
    def right(self) -> float:
        """x of its right edge."""
        return self.x + self.width

    def touches(self, point: Point) -> bool:
        """Whether a point lies on its outline."""
        x, y = point
        inside = self.x <= x <= self.right and self.y <= y <= self.bottom
        return inside and (x in (self.x, self.right) or y in (self.y, self.bottom))

    def overlaps(self, other: Box) -> bool:
        """Whether two boxes share a point."""
        return (
            self.x <= other.right
            and other.x <= self.right
            and self.y <= other.bottom
            and other.y <= self.bottom
        )


@dataclass(frozen=True)
class Connector:
    """One edge, from the outline of a box to the outline of another, where an arrowhead points at it.

    Attributes:
      source, target: Indices of the boxes in `Scene.boxes`.
      points: The corners of its path; each part is horizontal or vertical.
      lane: Number of the source whose lane it takes, which decides the colour; None on the direct way.
      lead: Number of points up to the last corner where it leaves the lane; from there on it may share its way
        with the connectors of other lanes.
    """

    source: int
    target: int
    points: tuple[Point, ...]
    lane: int | None = None
    lead: int = 0


@dataclass(frozen=True)
class Frame:
    """A thin frame around the body of a node.

    Attributes:
      x, y: Its upper left corner.
      width, height: Its size.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Scene:
    """A drawing.

    Attributes:
      width, height: Its size.
      boxes: No two of them overlap.
      connectors: In the order in which they are drawn.
      texts: What is written outside the boxes.
      frames: What is drawn around parts of it.
      title: What the drawing shows.
      description: The same in words, for those who do not see it.
    """

    width: float
    height: float
    boxes: tuple[Box, ...] = ()
    connectors: tuple[Connector, ...] = ()
    texts: tuple[Text, ...] = ()
    frames: tuple[Frame, ...] = ()
    title: str = ""
    description: str = ""

    def moved(self, dx: float, dy: float) -> Scene:
        """The same scene somewhere else; its size stays what it was."""

        def shifted(texts: Iterable[Text]) -> tuple[Text, ...]:
            return tuple(replace(text, x=text.x + dx, y=text.y + dy) for text in texts)

        return replace(
            self,
            boxes=tuple(replace(b, x=b.x + dx, y=b.y + dy, texts=shifted(b.texts)) for b in self.boxes),
            connectors=tuple(
                replace(c, points=tuple((x + dx, y + dy) for x, y in c.points)) for c in self.connectors
            ),
            texts=shifted(self.texts),
            frames=tuple(replace(f, x=f.x + dx, y=f.y + dy) for f in self.frames),
        )
