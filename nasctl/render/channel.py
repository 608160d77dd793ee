"""Channel routing: routes the edges between two consecutive rows of boxes without overlaps.

Each edge leaves the upper row downwards, runs along a horizontal track, and enters the lower row from above.
Edges that carry the same value share a trunk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nasctl.render.dimensions import Dimensions
from nasctl.render.scene import Point

Link = tuple[int, int]
"""A pair of vertices (upper, lower) of a `RowGraph`."""

_STRAIGHT = 0.35  # a single link is straight if it enters within this fraction of the width from the middle


@dataclass(frozen=True)
class Channel:
    """The routed edges between two rows.

    Attributes:
      height: Distance of the two rows.
      paths: For each link the corners of its path. y is measured from the lower edge of the upper row.
    """

    height: float
    paths: Mapping[Link, tuple[Point, ...]]


def route_channel(
    links: Sequence[Link],
    source: Sequence[int],
    middles: Sequence[float],
    entry_widths: Mapping[int, float],
    dimensions: Dimensions,
) -> Channel:
    """Routes links between vertices of two consecutive rows.

    Args:
      links: The links to route.
      source: For each vertex the block whose value it carries. Links of equal values share a trunk.
      middles: For each vertex the x at which links leave it, its middle.
      entry_widths: For each lower vertex the width, around its middle, in which links may enter it.
      dimensions: The dimensions of the drawing, in pixels or cells.
    """
    leaving = {middles[upper]: source[upper] for upper, _ in links}
    ports = _ports(links, source, middles, entry_widths, leaving, dimensions)
    trunks = [
        _Trunk(source[upper], middles[upper])
        for upper in dict.fromkeys(upper for upper, _ in links)
        if any(ports[link] != middles[upper] for link in links if link[0] == upper)
    ]
    for trunk in trunks:
        trunk.ends = [ports[link] for link in links if source[link[0]] == trunk.value]
        trunk.under = {leaving[x] for x in trunk.ends if x in leaving} - {trunk.value}
    _assign_tracks(trunks, {*leaving, *ports.values()}, dimensions)
    count = 1 + max((trunk.low for trunk in trunks), default=-1)
    height = (
        dimensions.gap
        if count == 0
        else dimensions.gap + dimensions.track_gap * (count - 1) + dimensions.turn
    )

    def at(track: int) -> float:
        return dimensions.snapped(dimensions.gap / 2 + dimensions.track_gap * track)

    trunk_of = {trunk.value: trunk for trunk in trunks}
    paths: dict[Link, tuple[Point, ...]] = {}
    for upper, lower in links:
        start, end = middles[upper], ports[upper, lower]
        paths[upper, lower] = ((start, 0.0), (end, height))
        if start != end:
            trunk = trunk_of[source[upper]]
            turns = [start, end] if trunk.low == trunk.high else [start, trunk.between, end]
            levels = [at(trunk.high)] if trunk.low == trunk.high else [at(trunk.high), at(trunk.low)]
            corners = [(x, y) for xs, y in zip(pairwise(turns), levels, strict=True) for x in xs]
            paths[upper, lower] = ((start, 0.0), *corners, (end, height))
    return Channel(height, paths)


@dataclass
class _Trunk:
    """The path of one value across the channel.

    It runs along one horizontal track, or along two tracks with a vertical piece between them.

    Attributes:
      value: The block whose value it carries.
      start: x at which the value enters the channel from above.
      ends: The xs at which the value leaves the channel downwards.
      under: Other values that enter the channel at one of `ends`. This trunk must be on a lower track than
        theirs.
      high: The track at `start`, counted from above; -1 if not assigned yet.
      low: The track at `ends`; -1 if not assigned yet.
      between: x at which the trunk changes from `high` to `low`, if these differ.
    """

    value: int
    start: float
    ends: list[float] = field(default_factory=list)
    under: set[int] = field(default_factory=set)
    high: int = -1
    low: int = -1
    between: float = 0.0


def _ports(
    links: Sequence[Link],
    source: Sequence[int],
    middles: Sequence[float],
    entry_widths: Mapping[int, float],
    leaving: Mapping[float, int],
    dimensions: Dimensions,
) -> dict[Link, float]:
    """The x at which each link enters its lower vertex.

    Links enter a vertex in the same order as that of their upper ends.
    """
    ports: dict[Link, float] = {}
    step = 1.0 if dimensions.cells else 4.0
    for lower, width in entry_widths.items():
        entering = sorted((link for link in links if link[1] == lower), key=lambda link: middles[link[0]])
        gap = min(dimensions.port_gap, max(width - 2 * step, 0) / max(len(entering), 1))
        used: set[float] = set()
        for number, link in enumerate(entering):
            start = middles[link[0]]
            wish = dimensions.snapped(middles[lower] + (number - (len(entering) - 1) / 2) * gap)
            near = width * _STRAIGHT if len(entering) == 1 else gap / 2 - step / 2
            if abs(start - wish) <= near:
                wish = start  # straight down
            for shift in _shifts(step, width):
                x = wish + shift
                free = x not in used and leaving.get(x, source[link[0]]) == source[link[0]]
                if free and abs(x - middles[lower]) <= width / 2:
                    wish = x
                    break
            ports[link] = wish
            used.add(wish)
    return ports


def _shifts(step: float, width: float) -> Iterator[float]:
    """Zero, then one step to either side, then two, up to the given width."""
    yield 0.0
    for number in range(1, int(width / step) + 1):
        yield from (number * step, -number * step)


def _assign_tracks(trunks: Sequence[_Trunk], used: set[float], dimensions: Dimensions) -> None:
    """Assigns tracks to all trunks, from the top down.

    Several trunks may form a cycle in which each must be under the next. One of them then gets two tracks,
    one above all others of the cycle and one below.
    """
    intervals_of_track: list[list[tuple[float, float]]] = []

    def occupy(first: int, xs: Sequence[float]) -> int:
        """Occupies the first track, from a given one on, that is free over the whole range of xs."""
        left, right = min(xs), max(xs)
        track = first
        while track < len(intervals_of_track) and any(
            left <= end and start <= right for start, end in intervals_of_track[track]
        ):
            track += 1
        intervals_of_track.extend([] for _ in range(track + 1 - len(intervals_of_track)))
        intervals_of_track[track].append((left, right))
        return track

    waiting = sorted(trunks, key=lambda trunk: min(trunk.start, *trunk.ends))
    high = {trunk.value: trunk.high for trunk in trunks}
    while waiting:
        free = [trunk for trunk in waiting if all(high.get(value, 0) >= 0 for value in trunk.under)]
        if not free:
            trunk = next(trunk for trunk in waiting if trunk.high < 0)
            trunk.between = _unused(trunk.start, used, dimensions)
            trunk.high = high[trunk.value] = occupy(0, [trunk.start, trunk.between])
            continue
        trunk = free[0]
        waiting.remove(trunk)
        first = max((high.get(value, -1) + 1 for value in trunk.under), default=0)
        if trunk.high < 0:
            trunk.low = trunk.high = high[trunk.value] = occupy(first, [trunk.start, *trunk.ends])
        else:
            trunk.low = occupy(max(first, trunk.high + 1), [trunk.between, *trunk.ends])


def _unused(near: float, used: set[float], dimensions: Dimensions) -> float:
    """The x nearest to a given one at which no connector enters or leaves the channel."""
    step = 1.0 if dimensions.cells else dimensions.track_gap
    distance = step
    while True:
        for x in (near + distance, near - distance):
            if all(abs(x - other) >= step for other in used):
                used.add(x)
                return x
        distance += step
