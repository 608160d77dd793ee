"""The line of a connector: corners rounded, an arrowhead at its end. What every kind of picture draws."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nasctl.render.scene import Connector, Point

RADIUS = 7.0
"""Of the corners, in pixels."""

ARROW_LENGTH, ARROW_WIDTH = 7.0, 6.0
"""Of the arrowheads, in pixels."""

_STEPS = 6  # straight pieces of a rounded corner in `flattened`


@dataclass(frozen=True)
class Corner:
    """A point where a line turns: from `start` to `end` along a quadratic curve about `point`."""

    start: Point
    point: Point
    end: Point


@dataclass(frozen=True)
class Stroke:
    """A line with rounded corners.

    Attributes:
      start, end: Its ends.
      corners: Between them.
    """

    start: Point
    corners: tuple[Corner, ...]
    end: Point

    def flattened(self) -> list[Point]:
        """The same as a polygon line."""
        points = [self.start]
        for corner in self.corners:
            for step in range(_STEPS + 1):
                t = step / _STEPS
                a, b, c = (1 - t) ** 2, 2 * t * (1 - t), t**2
                points.append(
                    (
                        a * corner.start[0] + b * corner.point[0] + c * corner.end[0],
                        a * corner.start[1] + b * corner.point[1] + c * corner.end[1],
                    )
                )
        return [*points, self.end]


def stroke_of(connector: Connector) -> Stroke:
    """The whole line of a connector, up to the base of its arrowhead."""
    *points, tip = connector.points
    return _rounded([*points, _towards(tip, points[-1], ARROW_LENGTH - 1)])


def lead_of(connector: Connector) -> Stroke | None:
    """The part of a connector's line that is its lane's own, where it has a lane."""
    if connector.lane is None:
        return None
    whole = stroke_of(connector)
    own = whole.corners[: connector.lead - 1]
    return Stroke(whole.start, own, own[-1].end)


def arrowhead_of(connector: Connector) -> tuple[Point, Point, Point]:
    """The triangle at the end of a connector, its tip first."""
    before, tip = connector.points[-2:]
    base = _towards(tip, before, ARROW_LENGTH)
    dx, dy = (tip[0] - base[0]) / ARROW_LENGTH, (tip[1] - base[1]) / ARROW_LENGTH
    half = ARROW_WIDTH / 2
    return tip, (base[0] - dy * half, base[1] + dx * half), (base[0] + dy * half, base[1] - dx * half)


def _rounded(points: Sequence[Point]) -> Stroke:
    corners = []
    for before, point, after in zip(points, points[1:], points[2:], strict=False):
        radius = min(RADIUS, math.dist(before, point) / 2, math.dist(point, after) / 2)
        corners.append(Corner(_towards(point, before, radius), point, _towards(point, after, radius)))
    return Stroke(points[0], tuple(corners), points[-1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    """The point at a distance from one point in the direction of another."""
    whole = math.dist(start, end)
    share = distance / whole if whole else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
