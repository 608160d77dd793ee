"""Reads tables of text: CSV and TSV files with or without a row of names."""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.datasets.reading import reading, require_file, require_memory
from nasctl.errors import NasctlError
from nasctl.files import read_text
from nasctl.foreign_text import shortened

LARGEST = 2**34
"""Largest table that is read, in bytes."""
_LABELS = ("label", "class", "category", "sentiment")
_NUMBERS = ("target", "value", "y")
_MISSING = frozenset(("", "?", "nan", "na", "n/a", "null", "none"))


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes:
      path: The file.
      names: The names of the columns; None if its first row has none.
      rows: The cells of each row. All rows have the same length.
      lines: The number of the line of each row, counted from 1.
    """

    path: Path
    names: tuple[str, ...] | None
    rows: Sequence[Sequence[str]]
    lines: Sequence[int]

    def column_of(self, *names: str) -> int | None:
        """The index of the first of these columns that the table has, whatever the case of its name; else None."""
        known = [name.strip().casefold() for name in self.names or ()]
        return next((known.index(name) for name in names if name in known), None)

    def column(self, index: int) -> list[str]:
        """The cells of a column, without blanks around them."""
        return [row[index].strip() for row in self.rows]


def read_table(path: Path) -> Table:
    """Reads a table in UTF-8, whose cells are separated by commas, semicolons or tabs.

    The first row contains the names of the columns if one of its cells is not a number and no cell is empty; in a table
    of numbers with a text in one column only, it must differ from the other cells of this column in being the only one.

    Raises:
      NasctlError: The file cannot be read, has no rows, or its rows have different lengths.
    """
    require_file(path)
    require_memory(path, 8 * path.stat().st_size)
    text = read_text(path, limit=LARGEST).removeprefix("\ufeff")
    first, _, _ = text.partition("\n")
    delimiter = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    csv.field_size_limit(sys.maxsize)
    rows, lines = [], []
    with reading(path, "a table"):
        reader = csv.reader(text.splitlines(keepends=True), delimiter=delimiter, strict=True)
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    if not rows:
        raise NasctlError(f"{path} is empty")
    width = len(rows[0])
    for row, line in zip(rows, lines, strict=True):
        if len(row) != width:
            raise NasctlError(
                f"{path}:{line}: this row has {len(row):,} cells, but the first one has {width:,}",
                hint="quote cells that contain the separator, and leave missing cells empty",
            )
    if _has_names(rows):
        names = tuple(name.strip() for name in rows[0])
        repeated = next((name for name, count in Counter(names).items() if count > 1), None)
        if repeated is not None:
            raise NasctlError(f"{path} has two columns named `{shortened(repeated, 60)}`")
        rows, lines = rows[1:], lines[1:]
        if not rows:
            raise NasctlError(f"{path} has the names of columns, but no rows")
        return Table(path, names, rows, lines)
    return Table(path, None, rows, lines)


def numbers_of(table: Table, columns: Sequence[int]) -> np.ndarray:
    """The cells of some columns as numbers, (rows, columns) as float32. Missing ones are NaN: empty, `?`, `NaN`, `NA`.

    Raises:
      NasctlError: A cell is neither a number nor missing, or is infinite.
    """
    values = np.empty((len(table.rows), len(columns)), np.float64)
    for position, index in enumerate(columns):
        for number, row in enumerate(table.rows):
            value = number_in(row[index])
            if value is None:
                where = f"column `{table.names[index]}`" if table.names else f"column {index + 1}"
                raise NasctlError(
                    f"{table.path}:{table.lines[number]}: `{shortened(row[index], 60)}` in {where} is not a number",
                    hint="name the column of the labels `label`; `id`, `time` and `split` are known, too; "
                    "tables of texts are for spaces such as spaces/documents.nas",
                )
            values[number, position] = value
    with np.errstate(over="ignore"):
        numbers = values.astype(np.float32)
    if np.isinf(numbers).any():
        number, position = np.argwhere(np.isinf(numbers))[0]
        raise NasctlError(
            f"{table.path}:{table.lines[number]}: `{shortened(table.rows[number][columns[position]], 60)}` is infinite "
            "or too large for float32"
        )
    return numbers


def label_columns(table: Table) -> tuple[list[int], bool]:
    """The columns of the labels, and whether they are numbers to predict.

    `label`, `class`, `category` and `sentiment` are classes. `target`, `value` and `y`, or several columns `target_1`,
    `target_2`, …, are numbers if all of their cells are, and otherwise classes.

    Raises:
      NasctlError: There is no such column, or there are several that are not numbers.
    """
    classes = [index for name in _LABELS if (index := table.column_of(name)) is not None]
    targets = [
        index
        for index, name in enumerate(table.names or ())
        if name.casefold() in _NUMBERS or name.casefold().startswith(("target_", "target."))
    ]
    if bool(classes) == bool(targets):
        raise NasctlError(
            f"{table.path} has {'both labels and targets' if targets else 'no column of labels'}",
            hint="name the column of classes `label`, or those of numbers to predict `target`, `target_1`, …",
        )
    if targets and all(number_in(cell) is not None for index in targets for cell in table.column(index)):
        return targets, True
    found = classes or targets
    if len(found) > 1:
        raise NasctlError(
            f"{table.path} has several columns of labels: "
            f"{', '.join(shortened((table.names or ())[index], 60) for index in found)}",
            hint="keep one of them; several columns are numbers, called `target_1`, `target_2`, …",
        )
    return found, False


def number_in(cell: str) -> float | None:
    """The number in a cell, NaN if it is missing, or None if it contains another text.

    >>> number_in(" 1.5 "), number_in("?"), number_in("cat")
    (1.5, nan, None)
    """
    text = cell.strip()
    if text.casefold() in _MISSING:
        return float("nan")
    try:
        return float(text)
    except ValueError:
        return None


def _has_names(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row consists of names of columns."""
    first = [number_in(cell) for cell in rows[0]]
    if all(cell.strip() for cell in rows[0]) and all(value is None for value in first):
        return len(rows) > 1
    texts = [index for index, value in enumerate(first) if value is None]
    return (
        any(all(number_in(row[index]) is not None for row in rows[1:]) for index in texts) and len(rows) > 1
    )
