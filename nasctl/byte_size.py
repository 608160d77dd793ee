"""Sizes of memory and files, as messages state them."""

from __future__ import annotations


def size_text(size: float) -> str:
    """A number of bytes in the unit that suits it, with two digits or more.

    >>> size_text(8.13e9), size_text(1_125_900e9), size_text(55e6), size_text(2.5e6), size_text(2_100), size_text(0)
    ('8.1 GB', '1,125,900.0 GB', '55 MB', '2.5 MB', '2.1 kB', '0 bytes')
    """
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size >= unit:
            return f"{size / unit:,.{0 if name != 'GB' and size >= 10 * unit else 1}f} {name}"
    return f"{size:.0f} bytes"
