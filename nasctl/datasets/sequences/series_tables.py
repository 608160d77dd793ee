"""Reads series from tables: one row for each series, or one row for each of its steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.datasets.sequences.parts import Parts, by_split
from nasctl.datasets.sequences.series import without_padding
from nasctl.datasets.tables import Table, label_columns, number_in, numbers_of, read_table
from nasctl.errors import NasctlError
from nasctl.foreign_text import shortened

_IDS = ("id", "series", "series_id", "case", "case_id")
_TIMES = ("time", "t", "step", "timestamp", "date")


@dataclass(frozen=True, eq=False)
class SeriesTable:
    """The series of a table.

    Attributes:
      parts: The series by split.
      label: What the labels are called.
      numbers: The names of the numbers to predict; empty if the labels may be classes.
      notes: What was recognised.
    """

    parts: Parts[np.ndarray]
    label: str
    numbers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read_series_table(path: Path) -> SeriesTable:
    """Reads a table of series.

    With the columns `id` and `time`, each row is one step of a series, and all other columns are its features.
    Otherwise each row is a series of one feature. `tables.label_columns` says which columns are labels; a column
    `split` says train, validation or test. In a table without names of columns, the first column is the label, or the
    last if its cells are no numbers.

    Raises:
      NasctlError: The file cannot be read, has no labels, or has cells that are no numbers.
    """
    table = read_table(path)
    if table.names is None:
        return _without_names(table)
    labelled, are_numbers = label_columns(table)
    split, id_ = table.column_of("split"), table.column_of(*_IDS)
    time = None if id_ is None else table.column_of(*_TIMES)
    special = {split, id_, time, *labelled}
    columns = [index for index in range(len(table.names)) if index not in special]
    if not columns:
        raise NasctlError(f"{path} has no columns of values")
    groups = _single(table) if time is None or id_ is None else _by_series(table, id_, time)
    values = numbers_of(table, columns)
    series = [values[rows[0]][:, None] if time is None else values[rows] for rows in groups]
    firsts = [rows[0] for rows in groups]
    _check_constant(table, groups, [*labelled, *([split] if split is not None else [])])
    if are_numbers:
        labels = numbers_of(table, labelled)[firsts]
    else:
        cells = table.column(labelled[0])
        labels = labels_in([cells[row] for row in firsts])
    words = None if split is None else table.column(split)
    splits = None if words is None else [words[row] for row in firsts]
    parts = by_split(str(path), list(map(without_padding, series)), labels, splits)
    names = tuple(table.names[index] for index in labelled)
    return SeriesTable(parts, f"the column {shortened(names[0], 60)}", names if are_numbers else ())


def labels_in(cells: Sequence[str]) -> np.ndarray:
    """The labels in cells: numbers if all of them are, NaN where one is missing; else texts."""
    numbers = [number_in(cell) for cell in cells]
    values = np.array([np.nan if number is None else number for number in numbers], np.float64)
    if None in numbers or np.isnan(values).all():
        return np.array(cells, np.str_)
    whole = bool((values == np.floor(values)).all() and (abs(values) < 2**53).all())
    return values.astype(np.int64) if whole else values


def _without_names(table: Table) -> SeriesTable:
    width = len(table.rows[0])
    if width < 3:
        raise NasctlError(
            f"{table.path} has {width} columns, but a series needs a label and at least two values",
            hint="write a label and then the values of a series in each row",
        )
    last = any(number_in(row[-1]) is None for row in table.rows)
    label = width - 1 if last else 0
    values = numbers_of(table, [index for index in range(width) if index != label])
    series = [without_padding(row[:, None]) for row in values]
    labels = labels_in(table.column(label))
    where = "last" if last else "first"
    return SeriesTable(
        by_split(str(table.path), series, labels, None),
        f"the {where} column",
        notes=(f"the {where} column of {table.path.name} is the label",),
    )


def _single(table: Table) -> list[list[int]]:
    return [[row] for row in range(len(table.rows))]


def _by_series(table: Table, id_: int, time: int) -> list[list[int]]:
    """The rows of each series, in the order of their times; series in the order in which they begin."""
    groups: dict[str, list[int]] = {}
    for row, name in enumerate(table.column(id_)):
        groups.setdefault(name, []).append(row)
    times = table.column(time)
    numbers = [number_in(cell) for cell in times]
    for name, rows in groups.items():
        if any(not times[row] for row in rows):
            raise NasctlError(f"{table.path}: a time of the series `{shortened(name, 60)}` is missing")
        if len({times[row] for row in rows}) < len(rows):
            raise NasctlError(
                f"{table.path}: the series `{shortened(name, 60)}` has a time twice",
                hint="give each series an id of its own",
            )
    if any(number is None for number in numbers):  # dates in ISO 8601 have the order of their texts
        return [sorted(rows, key=times.__getitem__) for rows in groups.values()]
    return [sorted(rows, key=lambda row: numbers[row] or 0.0) for rows in groups.values()]


def _check_constant(table: Table, groups: Sequence[Sequence[int]], columns: Sequence[int]) -> None:
    """Checks that the label and the split of a series are those of all its steps."""
    assert table.names is not None
    for column in columns:
        cells = table.column(column)
        for rows in groups:
            different = next((row for row in rows if cells[row] != cells[rows[0]]), None)
            if different is not None:
                raise NasctlError(
                    f"{table.path}:{table.lines[different]}: `{shortened(cells[different], 60)}` in the column "
                    f"{table.names[column]} differs from `{shortened(cells[rows[0]], 60)}` earlier in the same series",
                    hint="a series has one label: repeat it in each of its rows",
                )
