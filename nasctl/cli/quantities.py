"""Quantities as commands print them: curves, lengths of time, counts."""

from __future__ import annotations

import math
from collections.abc import Iterable

BLOCKS = "▁▂▃▄▅▆▇█"


def sparkline(values: Iterable[float], width: int) -> str:
    """The last `width` values as a row of block characters, scaled from the smallest to the largest.

    >>> sparkline([0.0, 0.5, 1.0], 10)
    '▁▄█'
    """
    shown = list(values)[-width:]
    if not shown:
        return ""
    if not math.isfinite(max(shown) - min(shown)):
        shown = [value / 2 for value in shown]
    low, high = min(shown), max(shown)
    spread = high - low or 1.0
    return "".join(BLOCKS[int((value - low) / spread * (len(BLOCKS) - 1) + 0.5 - 1e-9)] for value in shown)


def duration(seconds: float) -> str:
    """A length of time in words.

    >>> duration(7), duration(161), duration(4020)
    ('7 s', '2 min 41 s', '1 h 7 min')
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def counted(number: int, noun: str) -> str:
    """A number with its noun in the singular or plural.

    >>> counted(1, "decision"), counted(1500, "decision")
    ('1 decision', '1,500 decisions')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
