"""Finds consecutive equal sections of a network, such as the cells of a stage, so that they are drawn once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nasctl.render.blocks import Block, Diagram, RepeatedSection

_FEWEST_BLOCKS = 4


def fold_repeats(diagram: Diagram) -> Diagram:
    """Keeps the first of consecutive equal sections and records how many there are.

    A section has at least four blocks, and is not a plain chain. It reads only the block before it, and only
    its last block is read from outside. Equal layers in a chain are all drawn, because they are the structure
    of the network.
    """
    start = 1
    while start < len(diagram.blocks):
        looks = [_appearance(block) for block in diagram.blocks]
        repeats = [
            repeat
            for length in range(_FEWEST_BLOCKS, (len(looks) - start) // 2 + 1)
            if looks[start : start + length] == looks[start + length : start + 2 * length]
            and (repeat := _repeat_at(diagram, start, length)).times > 1
        ]
        if repeats:
            widest = max(repeats, key=lambda repeat: (len(repeat.blocks) * repeat.times, repeat.times))
            diagram = _folded(diagram, _with_names(diagram, widest))
            start = widest.last
        start += 1
    return diagram


def _repeat_at(diagram: Diagram, start: int, length: int) -> RepeatedSection:
    """Counts how often the section of a given length at a given block is repeated."""
    pattern = _section(diagram, start, length)
    times = 1
    while pattern is not None and _section(diagram, start + times * length, length) == pattern:
        times += 1
    return RepeatedSection(start, start + length - 1, times)


def _with_names(diagram: Diagram, repeat: RepeatedSection) -> RepeatedSection:
    """Adds the name prefixes of the first and the last section."""
    length = len(repeat.blocks)
    last = repeat.first + (repeat.times - 1) * length
    parts = diagram.blocks[repeat.first : repeat.first + length], diagram.blocks[last : last + length]
    prefix, last_prefix = (_common_owner([block.name for block in part]) for part in parts)
    return replace(repeat, prefix=prefix, last_prefix=last_prefix)


def _common_owner(names: Sequence[str]) -> str:
    """The longest common prefix of names, up to and including a dot.

    >>> _common_owner(["stage1.cell1.node1", "stage1.cell1.node2.from0"])
    'stage1.cell1.'
    """
    shared: list[str] = []
    for parts in zip(*(name.split(".")[:-1] for name in names), strict=False):
        if len(set(parts)) > 1:
            break
        shared.append(parts[0])
    return "".join(f"{part}." for part in shared)


def _appearance(block: Block) -> object:
    """Everything that a drawing shows of a block except its name."""
    return block.family, block.labels, block.shape, block.params


def _section(diagram: Diagram, start: int, length: int) -> object:
    """Everything that a drawing shows of a section except its names, or None if it cannot be folded."""
    end = start + length
    inner = []
    for source, target in diagram.edges:
        if start <= target < end and source >= start - 1:
            inner.append((source - start, target - start))
        elif source < end - 1 and target >= start:
            return None  # an edge enters the section late, leaves it early, or passes it
    if all(source == target - 1 for source, target in inner):
        return None
    return [_appearance(block) for block in diagram.blocks[start:end]], inner


def _folded(diagram: Diagram, repeat: RepeatedSection) -> Diagram:
    """The diagram without the sections after the first."""
    removed = len(repeat.blocks) * (repeat.times - 1)

    def new_index(block: int) -> int:
        return block if block <= repeat.last else block - removed

    edges = {
        (new_index(source), new_index(target))
        for source, target in diagram.edges
        if target <= repeat.last or target > repeat.last + removed
    }
    return replace(
        diagram,
        blocks=diagram.blocks[: repeat.last + 1] + diagram.blocks[repeat.last + 1 + removed :],
        edges=tuple(sorted(edges, key=lambda edge: (edge[1], edge[0]))),
        repeats=(*diagram.repeats, repeat),
    )
