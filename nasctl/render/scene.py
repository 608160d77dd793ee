"""A drawing as data, the same for all output formats: boxes, texts, connectors and frames with their positions.

The unit is that of the `Dimensions` of the layout: a pixel or a terminal cell. y grows downwards.
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
      x: Its left end, middle or right end, according to `align`.
      y: Middle of the line.
      content: The text.
      role: Determines its size and colour.
      align: Which point of the text `x` is.
      width: Width that is reserved for it.
    """

    x: float
    y: float
    content: str
    role: Role
    align: Align
    width: float

    @property
    def left(self) -> float:
        """Left end of the reserved width."""
        return self.x - self.width * {"start": 0.0, "middle": 0.5, "end": 1.0}[self.align]


@dataclass(frozen=True)
class Box:
    """The box of a block.

    Attributes:
      x, y: Upper left corner.
      width, height: Size.
      family: Family of its op (`Op.family`), which determines its colour.
      name: Name of the block.
      title: The name if it is to be written in the drawing; empty otherwise.
      texts: The texts in the box.
      join: Whether it is drawn as a small join.
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
        """x of its middle."""
        return self.x + self.width / 2

    @property
    def bottom(self) -> float:
        """y of its bottom edge."""
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
    """One edge, with an arrowhead at its target.

    Attributes:
      source, target: Indices of the boxes in `Scene.boxes`.
      points: The corners of its path, from the outline of the source to that of the target. All segments are
        horizontal or vertical.
      lane: Number of its source among those of skip connections, which determines the colour; None for a direct
        edge.
      own_points: Number of points up to the corner where it leaves its lane. After it, the path may be shared
        with connectors of other lanes.
    """

    source: int
    target: int
    points: tuple[Point, ...]
    lane: int | None = None
    own_points: int = 0


@dataclass(frozen=True)
class Frame:
    """A thin frame around a repeated section or the graph that a node applies.

    Attributes:
      x, y: Upper left corner.
      width, height: Size.
    """

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Scene:
    """A drawing.

    Attributes:
      width, height: Size.
      boxes: The boxes, which do not overlap.
      connectors: The connectors, in the order in which they are drawn.
      texts: The texts outside the boxes.
      frames: The frames.
      title: Title of the drawing.
      description: The drawing in words, for screen readers.
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
        """The scene with everything in it shifted by (dx, dy), but with the same size."""

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
