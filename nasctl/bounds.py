"""Bounds of settings, options and seeds, and how messages state them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from nasctl.errors import NasctlError

LONGEST_SHOWN = 40
"""Greatest number of characters of a refused value in a message."""


@dataclass(frozen=True)
class Bounds:
    """The numbers from `low` to `high`, and possibly one more.

    Attributes:
      low: The smallest number.
      high: The largest number.
      above: Whether `low` itself is excluded.
      below: Whether `high` itself is excluded.
      also: A number outside the bounds that has a meaning of its own, such as 0 for no limit.
    """

    low: float
    high: float
    above: bool = False
    below: bool = False
    also: float | None = None

    def admit(self, value: float) -> bool:
        """Whether a value is within the bounds. NaN is not.

        >>> Bounds(2, 8, also=0).admit(0), Bounds(2, 8).admit(0), Bounds(0, 1, below=True).admit(1)
        (True, False, False)
        """
        if self.also is not None and value == self.also:
            return True
        over = value > self.low if self.above else value >= self.low
        return over and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        """The bounds in words.

        >>> print(Bounds(1, 1_000_000), Bounds(0, 1, below=True), Bounds(2, 64, also=0), sep="; ")
        from 1 to 1,000,000; from 0 to less than 1; 0 or from 2 to 64
        """
        return f"{self._also()}{self._range()}"

    def of(self, noun: str) -> str:
        """The bounds in words, with what they are bounds of.

        >>> print(Bounds(2, 64, also=0).of("a whole number"))
        0 or a whole number from 2 to 64
        """
        return f"{self._also()}{noun} {self._range()}"

    def _also(self) -> str:
        return "" if self.also is None else f"{_written(self.also)} or "

    def _range(self) -> str:
        low = f"{'more than' if self.above else 'from'} {_written(self.low)}"
        return f"{low} {'to less than' if self.below else 'to'} {_written(self.high)}"


SEEDS = Bounds(0, 2**63 - 1)
"""The seeds: whole numbers that SQLite and the random generators of NumPy and JAX can hold."""


def check_seed(seed: int) -> int:
    """Checks a seed.

    Returns:
      The seed as a plain `int`.

    Raises:
      NasctlError: It is not a whole number, or not within `SEEDS`.
    """
    try:
        number = None if isinstance(seed, (bool, float, str)) else int(seed)
    except (TypeError, ValueError, OverflowError):
        number = None
    if number is None or not SEEDS.admit(number):
        raise NasctlError(f"a seed is a whole number {SEEDS}, not {shown(seed)}")
    return number


def key_seed(seed: int) -> int:
    """The seed of a random key of JAX, which holds 32 bits: the seed itself, or a digest of it if it has more.

    >>> key_seed(7), key_seed(2**32 + 7)
    (7, 369571992)
    """
    import numpy as np

    return seed if seed < 2**32 else int(np.random.SeedSequence(seed).generate_state(1)[0])


def shown(value: object) -> str:
    """A refused value as messages show it, in at most `LONGEST_SHOWN` characters.

    >>> shown(0.5), shown("7" * 5000)
    ('0.5', '777777777777777777777777777777777777777…')
    """
    try:
        text = str(value)
    except ValueError:  # Python does not write integers of more than 4,300 digits
        text = f"a number of more than {math.floor(abs(value).bit_length() * math.log10(2)):,} digits"  # type: ignore[arg-type]
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def _written(number: float) -> str:
    """A number in words, with its thousands grouped."""
    whole = isinstance(number, int) or (float(number).is_integer() and abs(number) < 1e15)
    return f"{int(number):,}" if whole else f"{number:g}"
