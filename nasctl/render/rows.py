"""The rows of a layered drawing: which row every block is in, and the order in the rows.

The method of Sugiyama, Tagawa and Toda (1981): every block gets a row below all that it reads; a value that passes
a row has a place in it, its passage; the order in the rows is improved by barycentres until fewer edges cross.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

from nasctl.render.blocks import Diagram

_SWEEPS = 12


@dataclass
class Places:
    """The rows of a layered drawing.

    Attributes:
      rows: Places of each row, in order. Place p is the block of that index, or above their number a passage.
      source: For each place the block whose value is there: itself, or the one that the passage carries.
      below: For each place those of the next row that it is connected to.
      above: The same for the row before.
    """

    rows: list[list[int]]
    source: list[int]
    below: list[list[int]] = field(default_factory=list)
    above: list[list[int]] = field(default_factory=list)


def rows_of(diagram: Diagram) -> list[int]:
    """The row of each block: below all that it reads, and no further above its readers than it must be."""
    rows = [0] * len(diagram.blocks)
    for source, target in diagram.edges:
        rows[target] = max(rows[target], rows[source] + 1)
    reads = {target for _, target in diagram.edges}
    for block in range(len(rows)):
        if diagram.blocks[block].is_output:
            rows[block] = max(rows)
        below = [rows[target] for source, target in diagram.edges if source == block]
        if block not in reads and below:
            rows[block] = min(below) - 1
    return rows


def place_rows(diagram: Diagram) -> Places:
    """The places of a diagram, not yet in a good order."""
    rows = rows_of(diagram)
    count = len(rows)
    places = Places([[] for _ in range(max(rows) + 1)], list(range(count)))
    places.below = [[] for _ in range(count)]
    places.above = [[] for _ in range(count)]
    for block, row in enumerate(rows):
        places.rows[row].append(block)
    passages: dict[tuple[int, int], int] = {}  # of a block's value through a row
    for source, target in diagram.edges:
        before = source
        for row in range(rows[source] + 1, rows[target]):
            if (source, row) not in passages:
                passages[source, row] = len(places.source)
                places.source.append(source)
                places.below.append([])
                places.above.append([before])
                places.below[before].append(passages[source, row])
                places.rows[row].append(passages[source, row])
            before = passages[source, row]
        places.below[before].append(target)
        places.above[target].append(before)
    return places


def order_rows(places: Places) -> None:
    """Orders the places of each row by barycentres, and keeps the order with the fewest crossings."""
    best, fewest = [list(row) for row in places.rows], _crossings(places)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        neighbours = places.above if down else places.below
        rows = places.rows if down else places.rows[::-1]
        for before, row in pairwise(rows):
            at = {place: index for index, place in enumerate(before)}
            here = {place: index for index, place in enumerate(row)}

            def barycentre(place: int, at: Mapping[int, int] = at, here: Mapping[int, int] = here) -> float:
                near = neighbours[place]  # noqa: B023
                return sum(at[other] for other in near) / len(near) if near else float(here[place])

            row.sort(key=barycentre)
        crossings = _crossings(places)
        if crossings < fewest:
            best, fewest = [list(row) for row in places.rows], crossings
    places.rows[:] = best


def _crossings(places: Places) -> int:
    """Number of pairs of edges that cross."""
    total = 0
    for above, row in pairwise(places.rows):
        at = {place: index for index, place in enumerate(row)}
        ends = [at[target] for place in above for target in sorted(places.below[place], key=at.__getitem__)]
        total += sum(a > b for i, a in enumerate(ends) for b in ends[i + 1 :])
    return total
