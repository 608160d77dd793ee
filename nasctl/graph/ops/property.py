"""A property of a layer type: what a space file may write for it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Property:
    """A property of a layer type.

    Attributes:
      low: Its smallest value.
      high: Its largest value.
      whole: Whether it is a whole number.
      pair: Whether it may be given as two parts, `(height …, width …)`.
      default: Its value if it is not given. None if it must be given.
    """

    low: float = 1
    high: float = 1_000_000
    whole: bool = True
    pair: bool = False
    default: int | float | str | None = 1

    def refuses(self, value: int | float | str) -> str:
        """The reason for which a value is refused, or an empty string."""
        wanted = "a whole number" if self.whole else "a number"
        if isinstance(value, str) or (self.whole and not isinstance(value, int)):
            return f"must be {wanted}, not {value}"
        if not self.low <= value <= self.high:
            return f"must be from {_plain(self.low)} to {_plain(self.high)}, not {_plain(value)}"
        return ""


def _plain(value: int | float) -> str:
    """A number with all its digits, so that a value beside a bound does not look like the bound."""
    return f"{int(value)}" if value == int(value) else str(value)
