"""The lines of connectors, with rounded corners and arrowheads, for the graphical output formats."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from nasctl.render.scene import Connector, Point

RADIUS = 7.0
"""Radius of rounded corners, in pixels."""

ARROW_LENGTH, ARROW_WIDTH = 7.0, 6.0
"""Size of arrowheads, in pixels."""

_STEPS = 6  # number of straight pieces of a corner in `flattened`


@dataclass(frozen=True)
class Corner:
    """A rounded corner: a quadratic Bézier curve from `start` to `end` with the control point `point`."""

    start: Point
    point: Point
    end: Point


@dataclass(frozen=True)
class Stroke:
    """A line with rounded corners.

    Attributes:
      start, end: Its ends.
      corners: Its corners, from start to end.
    """

    start: Point
    corners: tuple[Corner, ...]
    end: Point

    def flattened(self) -> list[Point]:
        """Approximates the line by a polyline."""
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


def own_stroke_of(connector: Connector) -> Stroke | None:
    """The part of the line of a connector that no connector of another lane shares; None if it has no lane."""
    if connector.lane is None:
        return None
    whole = stroke_of(connector)
    own = whole.corners[: connector.own_points - 1]
    return Stroke(whole.start, own, own[-1].end)


def arrowhead_of(connector: Connector) -> tuple[Point, Point, Point]:
    """The triangle of the arrowhead of a connector, its tip first."""
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
    """The point at a given distance from `start` in the direction of `end`."""
    whole = math.dist(start, end)
    share = distance / whole if whole else 0.0
    return start[0] + (end[0] - start[0]) * share, start[1] + (end[1] - start[1]) * share
