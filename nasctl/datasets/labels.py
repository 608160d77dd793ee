"""Reads labels that are written as text: a class, several labels of which any number apply, or numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nasctl.bounds import shown
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind

CLASS_COLUMNS = ("label", "labels", "class", "classes", "class_name", "category", "tag", "tags")
"""What a column may be called whose whole numbers are classes."""

NUMBER_COLUMNS = ("target", "targets", "value", "values", "y")
"""What a column may be called whose whole numbers are numbers to predict."""

MOST_CLASSES = 20
"""The most different whole numbers in a column of another name that are taken for classes."""

_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?")


@dataclass(frozen=True, eq=False)
class Labels:
    """The labels of N examples.

    Attributes:
      values: The labels as in `Examples.labels`.
      class_names: The names of the classes, of the labels or of the numbers.
      target: What the labels are.
      notes: How they were understood, if that may surprise.
    """

    values: np.ndarray
    class_names: tuple[str, ...]
    target: TargetKind
    notes: tuple[str, ...] = ()


def labels_of(columns: Mapping[str, Sequence[str]], place: Callable[[int], str]) -> Labels:
    """Understands labels.

    One column of words has classes; if a `|` separates words in it, it has several labels. One column of numbers has
    classes or numbers to predict, by its name and its values. Several columns of zeros and ones have a label each; if
    there is a single one in every row, they have classes. Several columns of other numbers have numbers to predict.

    Args:
      columns: The cells of each column, by its name.
      place: Names the place of a row, such as `labels.csv:3`.

    Raises:
      NasctlError: A cell is empty or no number, or the columns do not go together.
    """
    if len(columns) > 1:
        return _several(columns, place)
    ((name, cells),) = columns.items()
    if any("|" in cell for cell in cells):
        return _lists(cells)
    for row, cell in enumerate(cells):
        if not cell.strip():
            raise NasctlError(f"{place(row)} has no `{name}`", hint="write the label, or remove the line")
    numbers = _numbers(cells)
    if numbers is None:
        _check_words(name, cells, place)
        return _classes([cell.strip() for cell in cells], sorted({cell.strip() for cell in cells}))
    _check_finite(name, numbers, place)
    if (numbers != np.rint(numbers)).any():
        notes = (f"`{name}` has fractions, so numbers are predicted",) if name in CLASS_COLUMNS else ()
        return Labels(numbers[:, None].astype(np.float32), (name,), TargetKind.NUMBERS, notes)
    different = np.unique(numbers)
    known = name.lower() in (*CLASS_COLUMNS, *NUMBER_COLUMNS)
    if name.lower() in CLASS_COLUMNS or (not known and len(different) <= min(MOST_CLASSES, len(cells) // 2)):
        note = f"the whole numbers of `{name}` are classes; call the column `value` to predict numbers"
        names = [str(int(value)) for value in different]
        return _classes([str(int(value)) for value in numbers], names, note)
    note = (
        f"the whole numbers of `{name}` are numbers to predict; call the column `label` if they are classes"
    )
    return Labels(numbers[:, None].astype(np.float32), (name,), TargetKind.NUMBERS, (note,))


def _classes(cells: Sequence[str], names: Sequence[str], *notes: str) -> Labels:
    number_of = {name: number for number, name in enumerate(names)}
    values = np.array([number_of[cell] for cell in cells], np.int32)
    return Labels(values, tuple(names), TargetKind.CLASS, notes)


def _lists(cells: Sequence[str]) -> Labels:
    lists = [[part.strip() for part in cell.split("|") if part.strip()] for cell in cells]
    names = sorted({name for names in lists for name in names})
    number_of = {name: number for number, name in enumerate(names)}
    values = np.zeros((len(cells), len(names)), np.uint8)
    for row, found in enumerate(lists):
        values[row, [number_of[name] for name in found]] = 1
    return Labels(values, tuple(names), TargetKind.LABELS)


def _several(columns: Mapping[str, Sequence[str]], place: Callable[[int], str]) -> Labels:
    table = []
    for name, cells in columns.items():
        numbers = _numbers(cells)
        if numbers is None:
            row, cell = next(
                (row, cell) for row, cell in enumerate(cells) if not _NUMBER.fullmatch(cell.strip())
            )
            raise NasctlError(
                f"{place(row)}: `{shown(cell)}` in the column `{name}` is no number, and there are "
                f"{len(columns)} columns that may be labels: {', '.join(columns)}",
                hint="call the column of the label `label`",
            )
        _check_finite(name, numbers, place)
        table.append(numbers)
    values = np.stack(table, axis=1)
    names = tuple(columns)
    if not np.isin(values, (0, 1)).all():
        return Labels(values.astype(np.float32), names, TargetKind.NUMBERS)
    if (values.sum(axis=1) == 1).all():
        note = f"each row has a single 1 in the columns {', '.join(names[:3])}, …, so they are classes"
        return Labels(values.argmax(axis=1).astype(np.int32), names, TargetKind.CLASS, (note,))
    return Labels(values.astype(np.uint8), names, TargetKind.LABELS)


def _numbers(cells: Sequence[str]) -> np.ndarray | None:
    """The numbers in a column, (N,) as float64; None if a cell is no number."""
    if not all(_NUMBER.fullmatch(cell.strip()) for cell in cells):
        return None
    return np.array([float(cell) for cell in cells])


def _check_words(name: str, cells: Sequence[str], place: Callable[[int], str]) -> None:
    """Checks that a column of words is none of numbers in which some cells are not: each number would be a class.

    Raises:
      NasctlError: More than half of the cells are numbers, and some of them have fractions or the column is called as
        one of numbers.
    """
    other = [row for row, cell in enumerate(cells) if not _NUMBER.fullmatch(cell.strip())]
    written = [cell for cell in cells if _NUMBER.fullmatch(cell.strip())]
    fractions = any(float(cell) % 1 for cell in written)
    if len(written) > len(other) and (fractions or name.lower() in NUMBER_COLUMNS):
        raise NasctlError(
            f"{place(other[0])}: `{shown(cells[other[0]])}` in the column `{name}` is no number, as most others are",
            hint="write a number with a point, or remove the line",
        )


def _check_finite(name: str, numbers: np.ndarray, place: Callable[[int], str]) -> None:
    large = np.flatnonzero(np.abs(numbers) > np.finfo(np.float32).max)
    if len(large):
        raise NasctlError(
            f"{place(int(large[0]))}: the number in the column `{name}` is too large",
            hint="numbers have 32 bits: divide the column by a constant",
        )
