"""Finds what a network has several times in a row, as the cells of a stage, so that it is drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasctl.render.blocks import Block, Diagram, Repeat

_FEWEST_BLOCKS = 4


def fold_repeats(diagram: Diagram) -> Diagram:
    """Leaves the first of equal parts that follow each other, and notes how many there are.

    A part has several blocks with branches between them; it reads the block before it only, and of it only the last
    block is read. A chain of equal layers is not folded: its layers are what one wants to see.
    """
    start = 1
    while start < len(diagram.blocks):
        looks = [_look(block) for block in diagram.blocks]
        found = [
            repeat
            for length in range(_FEWEST_BLOCKS, (len(looks) - start) // 2 + 1)
            if looks[start : start + length] == looks[start + length : start + 2 * length]
            and (repeat := _repeat_at(diagram, start, length)).times > 1
        ]
        if found:
            widest = max(found, key=lambda repeat: (len(repeat.blocks) * repeat.times, repeat.times))
            diagram = _folded(diagram, _with_names(diagram, widest))
            start = widest.last
        start += 1
    return diagram


def _repeat_at(diagram: Diagram, start: int, length: int) -> Repeat:
    """How often the part of a length that begins at a block follows itself."""
    pattern = _part(diagram, start, length)
    times = 1
    while pattern is not None and _part(diagram, start + times * length, length) == pattern:
        times += 1
    return Repeat(start, start + length - 1, times)


def _with_names(diagram: Diagram, repeat: Repeat) -> Repeat:
    """The repeat with the names of its first and its last part."""
    length = len(repeat.blocks)
    last = repeat.first + (repeat.times - 1) * length
    parts = diagram.blocks[repeat.first : repeat.first + length], diagram.blocks[last : last + length]
    first, until = (_common_owner([block.name for block in part]) for part in parts)
    return replace(repeat, name=first, until=until)


def _common_owner(names: Sequence[str]) -> str:
    """The longest beginning, up to a dot, that names share.

    >>> _common_owner(["stage1.cell1.node1", "stage1.cell1.node2.from0"])
    'stage1.cell1.'
    """
    shared: list[str] = []
    for parts in zip(*(name.split(".")[:-1] for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}." for part in shared)


def _look(block: Block) -> object:
    """All that one sees of a block but its name."""
    return block.family, block.lines, block.shape, block.params


def _part(diagram: Diagram, start: int, length: int) -> object:
    """All that one sees of a part but its names, or None if it is no part that could be drawn once."""
    end = start + length
    inner = []
    for source, target in diagram.edges:
        if start <= target < end and source >= start - 1:
            inner.append((source - start, target - start))
        elif source < end - 1 and target >= start:
            return (
                None  # something enters it beside the block before, leaves it before its last, or passes it
            )
    if all(source == target - 1 for source, target in inner):
        return None
    return [_look(block) for block in diagram.blocks[start:end]], inner


def _folded(diagram: Diagram, repeat: Repeat) -> Diagram:
    """The diagram with the copies after the first left out."""
    gone = len(repeat.blocks) * (repeat.times - 1)

    def kept(block: int) -> int:
        return block if block <= repeat.last else block - gone

    edges = {
        (kept(source), kept(target))
        for source, target in diagram.edges
        if target <= repeat.last or target > repeat.last + gone
    }
    return replace(
        diagram,
        blocks=diagram.blocks[: repeat.last + 1] + diagram.blocks[repeat.last + 1 + gone :],
        edges=tuple(sorted(edges, key=lambda edge: (edge[1], edge[0]))),
        repeats=(*diagram.repeats, repeat),
    )
