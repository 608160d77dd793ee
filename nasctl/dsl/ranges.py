"""The values of ranges: by a step, by a factor, or evenly spaced on a logarithmic scale."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import pairwise

from nasctl.dsl.diagnostics import Problems
from nasctl.dsl.source import Span
from nasctl.dsl.syntax import Range
from nasctl.space import Choice

MOST_VALUES = 10_000
"""Greatest number of values of a set or range."""


def range_values(
    written: Range, low: int | float, high: int | float, by: int | float, problems: Problems
) -> tuple[Choice, ...] | None:
    """Lists the values of a range, in increasing order and within its bounds.

    Args:
      written: The range, for its spacing and the places of errors.
      low: The smallest value.
      high: The bound of the largest value.
      by: The step, the factor or the number of values, as the spacing says.
      problems: Collects the errors.

    Returns:
      The values; None if an error was added.
    """
    at = (written.by or written).span
    if low > high:
        problems.error(
            written.span,
            f"this range is empty: {low} is more than {high}",
            hint=f"write {high}..{low}" if written.by is None else "the smaller number is the first one",
        )
        return None
    if written.spacing == "step":
        return _by_step(low, high, by, at, written.span, problems)
    if low <= 0:
        problems.error(
            written.low.span,
            "a range by factors or `log` must begin above zero",
            hint="begin at 1, or use `step`",
        )
        return None
    if written.spacing == "factor":
        return _by_factor(low, high, by, at, written.span, problems)
    return _by_log(low, high, by, at, problems)


def _by_step(
    low: int | float, high: int | float, step: int | float, at: Span, whole: Span, problems: Problems
) -> tuple[Choice, ...] | None:
    if step <= 0:
        problems.error(at, "a step must be greater than zero")
        return None
    # Fractions make 0.1..0.3 step 0.1 end in 0.3 instead of 0.30000000000000004.
    first, exact = Fraction(str(low)), Fraction(str(step))
    count = (Fraction(str(high)) - first) // exact + 1
    if not _small_enough(count, whole, problems):
        return None
    if isinstance(low, int) and isinstance(step, int):
        return tuple(low + step * index for index in range(count))
    plain = _plain if isinstance(low, int) else float
    values = tuple(min(max(plain(first + exact * index), low), high) for index in range(count))
    if any(left >= right for left, right in pairwise(values)):
        problems.error(at, f"this step is too small to change {low}", hint="give it a larger step")
        return None
    return values


def _plain(value: Fraction) -> int | float:
    """A number as a float, or as an integer if it is a whole number that no float can represent."""
    plain = float(value)
    return plain if plain == value or value.denominator > 1 else int(value)


def _by_factor(
    low: int | float, high: int | float, factor: int | float, at: Span, whole: Span, problems: Problems
) -> tuple[Choice, ...] | None:
    if factor <= 1:
        problems.error(at, "a factor must be greater than 1", hint="16..256 step *2 is 16, 32, 64, 128, 256")
        return None
    count = int((math.log(high) - math.log(low)) / math.log(factor)) + 2
    if not _small_enough(count, whole, problems):
        return None
    values: list[int | float] = [low if isinstance(factor, int) or float(low) != low else float(low)]
    for index in range(1, count):
        try:
            value = low * factor**index
        except OverflowError:  # far beyond `high`
            break
        if not isinstance(value, int):
            value = _rounded(value, values[-1], math.nextafter(high, math.inf), 12)
        if value > high:
            break
        values.append(value)
    if any(left >= right for left, right in pairwise(values)):
        problems.error(at, f"this factor is too close to 1 to change {low}", hint="give it a larger factor")
        return None
    return tuple(values)


def _by_log(
    low: int | float, high: int | float, count: int | float, at: Span, problems: Problems
) -> tuple[Choice, ...] | None:
    if not isinstance(count, int) or count < 2:
        problems.error(
            at,
            "`log` needs the number of values, 2 or more",
            hint="0.001..0.1 log 3 is 0.001, 0.01, 0.1",
        )
        return None
    if not _small_enough(count, at, problems):
        return None
    if low == high:
        return (low,)
    if isinstance(low, int) and isinstance(high, int):
        between = [round(_between(low, high, index, count)) for index in range(1, count - 1)]
        return tuple(dict.fromkeys([low, *between, high]))
    values: list[int | float] = [low]
    for index in range(1, count - 1):
        # Six digits are precise enough for a search, and easier to read.
        values.append(_rounded(_between(low, high, index, count), values[-1], high, 6))
    values.append(high)
    if any(left >= right for left, right in pairwise(values)):
        problems.error(
            at, f"there are fewer than {count:,} numbers from {low} to {high}", hint="give fewer values"
        )
        return None
    return tuple(values)


def _between(low: int | float, high: int | float, index: int, count: int) -> float:
    """One of `count` numbers that are evenly spaced on a logarithmic scale from `low` to `high`."""
    ratio = high / low
    if math.isfinite(ratio):
        return low * math.exp(math.log(ratio) * index / (count - 1))
    return math.exp(math.log(low) + (math.log(high) - math.log(low)) * index / (count - 1))


def _rounded(value: float, above: int | float, below: int | float, digits: int) -> float:
    """A number rounded to `digits` digits, or to more if it would otherwise not be between two other numbers."""
    for precision in (digits, 9, 12, 17):
        rounded = float(f"{value:.{precision}g}")
        if above < rounded < below:
            return rounded
    return rounded


def _small_enough(count: int, span: Span, problems: Problems) -> bool:
    if count > MOST_VALUES:
        shown = f"{count:,} values" if count <= 10**12 else "more than 1,000,000,000,000 values"
        problems.error(
            span,
            f"this range has {shown}; at most {MOST_VALUES:,} are allowed",
            hint="give it a larger step, or `log` and the number of values",
        )
        return False
    return True
