"""Routes the edges between two rows of boxes: down, along a track, down again; no two of them on top of each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from nasctl.render.metrics import Metrics
from nasctl.render.scene import Point

Link = tuple[int, int]

_STRAIGHT = 0.35  # how far from its middle, in widths, the only connector may enter a box to be straight


@dataclass(frozen=True)
class Channel:
    """The edges between two rows.

    Attributes:
      height: Distance of the two rows.
      ways: For each link the corners of its way, y from the lower edge of the upper row.
    """

    height: float
    ways: Mapping[Link, tuple[Point, ...]]


def route_channel(
    links: Sequence[Link],
    source: Sequence[int],
    middles: Sequence[float],
    rooms: Mapping[int, float],
    metrics: Metrics,
) -> Channel:
    """Routes links from places of one row to places of the next.

    Links that carry the same value share a track.

    Args:
      links: Pairs of places (upper, lower).
      source: For each place what it carries.
      middles: For each place its middle, where links leave it.
      rooms: For each lower place the width on which links may enter it, about its middle.
      metrics: The measures.
    """
    leaving = {middles[upper]: source[upper] for upper, _ in links}
    ports = _ports(links, source, middles, rooms, leaving, metrics)
    trunks = [
        _Trunk(source[upper], middles[upper])
        for upper in dict.fromkeys(upper for upper, _ in links)
        if any(ports[link] != middles[upper] for link in links if link[0] == upper)
    ]
    for trunk in trunks:
        trunk.ends = [ports[link] for link in links if source[link[0]] == trunk.value]
        trunk.under = {leaving[x] for x in trunk.ends if x in leaving} - {trunk.value}
    _assign_tracks(trunks, {*leaving, *ports.values()}, metrics)
    count = 1 + max((trunk.low for trunk in trunks), default=-1)
    height = metrics.gap if count == 0 else metrics.gap + metrics.track_gap * (count - 1) + metrics.turn

    def at(track: int) -> float:
        return metrics.snapped(metrics.gap / 2 + metrics.track_gap * track)

    trunk_of = {trunk.value: trunk for trunk in trunks}
    ways: dict[Link, tuple[Point, ...]] = {}
    for upper, lower in links:
        start, end = middles[upper], ports[upper, lower]
        ways[upper, lower] = ((start, 0.0), (end, height))
        if start != end:
            trunk = trunk_of[source[upper]]
            turns = [start, end] if trunk.low == trunk.high else [start, trunk.between, end]
            levels = [at(trunk.high)] if trunk.low == trunk.high else [at(trunk.high), at(trunk.low)]
            corners = [(x, y) for xs, y in zip(pairwise(turns), levels, strict=True) for x in xs]
            ways[upper, lower] = ((start, 0.0), *corners, (end, height))
    return Channel(height, ways)


@dataclass
class _Trunk:
    """The way of one value across the channel: horizontal on a track, or on two with a piece down between them.

    Attributes:
      value: What it carries.
      start: Where it comes from above.
      ends: Where it goes on below.
      under: Values that come from above where it goes on below: it must be on a lower track than they.
      high, low: The tracks next to its start and to its ends, counted from above; -1 where not yet known.
      between: Where it changes the track, if there are two.
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
    rooms: Mapping[int, float],
    leaving: Mapping[float, int],
    metrics: Metrics,
) -> dict[Link, float]:
    """Where each link enters its lower place, in the order of where they come from."""
    ports: dict[Link, float] = {}
    step = 1.0 if metrics.cells else 4.0
    for lower, room in rooms.items():
        entering = sorted((link for link in links if link[1] == lower), key=lambda link: middles[link[0]])
        gap = min(metrics.port_gap, max(room - 2 * step, 0) / max(len(entering), 1))
        taken: set[float] = set()
        for number, link in enumerate(entering):
            start = middles[link[0]]
            wish = metrics.snapped(middles[lower] + (number - (len(entering) - 1) / 2) * gap)
            near = room * _STRAIGHT if len(entering) == 1 else gap / 2 - step / 2
            if abs(start - wish) <= near:
                wish = start  # straight down
            for shift in _shifts(step, room):
                place = wish + shift
                free = place not in taken and leaving.get(place, source[link[0]]) == source[link[0]]
                if free and abs(place - middles[lower]) <= room / 2:
                    wish = place
                    break
            ports[link] = wish
            taken.add(wish)
    return ports


def _shifts(step: float, room: float) -> Iterator[float]:
    """Nought, then one step to either side, and so on."""
    yield 0.0
    for number in range(1, int(room / step) + 1):
        yield from (number * step, -number * step)


def _assign_tracks(trunks: Sequence[_Trunk], used: set[float], metrics: Metrics) -> None:
    """Gives every trunk its track, from above downwards.

    Where each of several trunks would have to be under the next, one of them gets two tracks: one above all
    others of the circle, one below.
    """
    taken: list[list[tuple[float, float]]] = []

    def place(first: int, xs: Sequence[float]) -> int:
        """The first track, from a given one, on which a piece over all of xs touches no other."""
        left, right = min(xs), max(xs)
        track = first
        while track < len(taken) and any(left <= end and start <= right for start, end in taken[track]):
            track += 1
        taken.extend([] for _ in range(track + 1 - len(taken)))
        taken[track].append((left, right))
        return track

    waiting = sorted(trunks, key=lambda trunk: min(trunk.start, *trunk.ends))
    high = {trunk.value: trunk.high for trunk in trunks}
    while waiting:
        free = [trunk for trunk in waiting if all(high.get(value, 0) >= 0 for value in trunk.under)]
        if not free:
            trunk = next(trunk for trunk in waiting if trunk.high < 0)
            trunk.between = _unused(trunk.start, used, metrics)
            trunk.high = high[trunk.value] = place(0, [trunk.start, trunk.between])
            continue
        trunk = free[0]
        waiting.remove(trunk)
        first = max((high.get(value, -1) + 1 for value in trunk.under), default=0)
        if trunk.high < 0:
            trunk.low = trunk.high = high[trunk.value] = place(first, [trunk.start, *trunk.ends])
        else:
            trunk.low = place(max(first, trunk.high + 1), [trunk.between, *trunk.ends])


def _unused(near: float, used: set[float], metrics: Metrics) -> float:
    """The place nearest to one where no connector comes or goes."""
    step = 1.0 if metrics.cells else metrics.track_gap
    distance = step
    while True:
        for place in (near + distance, near - distance):
            if all(abs(place - other) >= step for other in used):
                used.add(place)
                return place
        distance += step
