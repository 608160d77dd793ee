"""Routes the edges between two rows of boxes: down, along a track, down again; no two of them on top of each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    reach: dict[int, list[float]] = {}  # all x of each value
    for upper, lower in links:
        reach.setdefault(source[upper], [middles[upper]]).append(ports[upper, lower])
    before: dict[int, set[int]] = {value: set() for value in reach}  # whose track must be above
    for link in links:
        above = leaving.get(ports[link])
        if above is not None and above != source[link[0]]:
            before[source[link[0]]].add(above)
    tracks = _assign_tracks(reach, before)
    count = max(tracks.values(), default=-1) + 1
    height = metrics.gap if count == 0 else metrics.gap + metrics.track_gap * (count - 1) + metrics.turn
    ways: dict[Link, tuple[Point, ...]] = {}
    for upper, lower in links:
        start, end = middles[upper], ports[upper, lower]
        if start == end:
            ways[upper, lower] = ((start, 0.0), (end, height))
            continue
        y = metrics.snapped(metrics.gap / 2 + metrics.track_gap * tracks[source[upper]])
        ways[upper, lower] = ((start, 0.0), (start, y), (end, y), (end, height))
    return Channel(height, ways)


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
            for shift in (0.0, step, -step, 2 * step, -2 * step):
                free = (
                    wish + shift not in taken
                    and leaving.get(wish + shift, source[link[0]]) == source[link[0]]
                )
                if free and abs(wish + shift - middles[lower]) <= room / 2:
                    wish += shift
                    break
            ports[link] = wish
            taken.add(wish)
    return ports


def _assign_tracks(reach: Mapping[int, Sequence[float]], before: Mapping[int, set[int]]) -> dict[int, int]:
    """A track for each value that must move sideways; those below each other as `before` asks, as far as it can be."""
    waiting = [value for value, xs in reach.items() if min(xs) != max(xs)]
    waiting.sort(key=lambda value: min(reach[value]))
    spans: list[list[tuple[float, float]]] = []
    tracks: dict[int, int] = {}
    while waiting:
        ready = [value for value in waiting if not before[value].intersection(waiting) - {value}]
        value = (ready or waiting)[0]
        waiting.remove(value)
        left, right = min(reach[value]), max(reach[value])
        track = max((tracks[other] + 1 for other in before[value] if other in tracks), default=0)
        while track < len(spans) and any(left <= end and start <= right for start, end in spans[track]):
            track += 1
        spans.extend([] for _ in range(track + 1 - len(spans)))
        spans[track].append((left, right))
        tracks[value] = track
    return tracks
