"""Reads tables of pixels: CSV files with a label and the grey values of an image in each row, as Kaggle has its digits.

The cells are separated by commas, semicolons or tabs. A table is recognised by its first row. With a header, one column
is called `label` (or `class`, `target`, `y`, `digit`) and all others end in a number: `pixel0`, `px_1`, `1x1`. Without
a header, the label comes first, as in the CSV files of MNIST. The number of pixels must be a square, such as 784 = 28 ×
28.
"""

from __future__ import annotations

import csv
import math
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasctl.datasets.arrays.dataset import dataset_of_arrays
from nasctl.datasets.arrays.splits import Split, Splits
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.reading import reading, require_file, require_memory
from nasctl.datasets.split_names import SPELLINGS, SplitName
from nasctl.errors import NasctlError

_LABELS = ("label", "class", "target", "y", "digit", "labels", "category")
_PIXEL = re.compile(r"[a-z_. -]*[0-9]+(?:[x_., -][0-9]+)?", re.IGNORECASE)
_FEWEST = 64
"""Columns of pixels from which a table is taken as one of images."""
_FIRST_ROW = 2**20
"""Characters that the first row may have."""
_SPLIT = re.compile(rf"(?:^|[-_.])({'|'.join(SPELLINGS)})\.csv$", re.IGNORECASE)


@dataclass(frozen=True)
class _Layout:
    """Where a table has what.

    Attributes:
      header: The number of rows before the first image.
      label: The column of the labels, or None.
      pixels: The columns of the pixels.
      delimiter: What separates the cells.
    """

    header: int
    label: int | None
    pixels: tuple[int, ...]
    delimiter: str


def is_pixel_table(path: Path) -> bool:
    """Whether a path is a table of pixels, or a folder with one for the training split."""
    tables = _tables(path)
    return "train" in tables and (layout := _layout(tables["train"])) is not None and layout.label is not None


def load_pixel_table(path: Path) -> Dataset:
    """Reads a table of pixels, or a folder with `train.csv` and maybe `validation.csv` and `test.csv`.

    Args:
      path: The file or folder, for which `is_pixel_table` holds.

    Raises:
      NasctlError: A table cannot be read, or the tables do not fit each other.
    """
    splits: dict[SplitName, Split] = {}
    notes = []
    for split, file in _tables(path).items():
        layout = _layout(file)
        if layout is None:
            raise NasctlError(
                f"{file} is no table of pixels, as the training table is",
                hint="give all tables the same columns, or move the file elsewhere",
            )
        if layout.label is None:
            notes.append(f"{file.name} has no column of labels and is not used")
            continue
        splits[split] = _read(file, layout)
    return dataset_of_arrays(str(path), Splits(splits, None, tuple(notes)))


def _tables(path: Path) -> dict[SplitName, Path]:
    """The table of each split."""
    if not path.is_dir():
        return {"train": path} if path.suffix.lower() == ".csv" and path.is_file() else {}
    found: dict[SplitName, Path] = {}
    with reading(path, "a folder of tables"):
        for file in sorted(path.iterdir()):
            match = _SPLIT.search(file.name)
            if match:
                found.setdefault(SPELLINGS[match[1].lower()], file)
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _layout(path: Path) -> _Layout | None:
    """Where a table has what, by its first row; None if it is no table of pixels."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            line = file.readline(_FIRST_ROW)
        delimiter = max(",;\t", key=line.count)
        first = next(csv.reader([line], delimiter=delimiter), [])
    except (OSError, UnicodeDecodeError, csv.Error):
        return None
    cells = [cell.strip() for cell in first]
    if all(_is_number(cell) for cell in cells):
        pixels = tuple(range(1, len(cells)))
        return _Layout(0, 0, pixels, delimiter) if _side(len(pixels)) else None
    labels = [column for column, cell in enumerate(cells) if cell.lower() in _LABELS]
    rest = tuple(
        column
        for column, cell in enumerate(cells)
        if column not in labels and cell.lower() not in ("", "id", "imageid", "index", "unnamed: 0")
    )
    if len(labels) > 1 or len(rest) < _FEWEST or not all(_PIXEL.fullmatch(cells[column]) for column in rest):
        return None
    label = labels[0] if labels else None
    return _Layout(1, label, rest, delimiter) if _side(len(rest)) else None


def _side(count: int) -> int:
    """The side of the square that has so many values in one or three channels, or 0."""
    for pixels in (count, count // 3 if count % 3 == 0 else 0):
        side = math.isqrt(pixels)
        if count >= _FEWEST and side * side == pixels:
            return side
    return 0


def _read(path: Path, layout: _Layout) -> Split:
    require_file(path)
    require_memory(path, 2 * path.stat().st_size)  # a digit and a comma become a number of 4 bytes
    assert layout.label is not None
    with reading(path, "a table of pixels", hint="each row needs a label and a number for each pixel"):
        values = _numbers(path, layout)
        if values is None:  # of fractions or texts, or with a cell that `loadtxt` names
            _check_widths(path, layout.delimiter)
            options: dict[str, Any] = {
                "delimiter": layout.delimiter, "skiprows": layout.header, "comments": None, "encoding": "utf-8-sig",
                "quotechar": '"',
            }  # fmt: skip
            labels = _labels(np.loadtxt(path, str, usecols=layout.label, ndmin=1, **options))
            pixels = np.loadtxt(path, np.float32, usecols=layout.pixels, ndmin=2, **options)
        else:
            labels, pixels = values[:, layout.label], values[:, list(layout.pixels)]
    return Split(_as_bytes(pixels), labels, f"the pixels of {path.name}", f"the labels of {path.name}")


def _numbers(path: Path, layout: _Layout) -> np.ndarray | None:
    """All cells of a table of whole numbers, five times as fast as `loadtxt`; None if it is not one."""
    lines = path.read_bytes().removeprefix(b"\xef\xbb\xbf").splitlines()
    rows = [line for line in lines if line]
    delimiter = layout.delimiter.encode()
    cells = {line.count(delimiter) + 1 for line in rows}
    if len(cells) != 1:
        return None
    rows = rows[layout.header :]
    with warnings.catch_warnings():
        warnings.simplefilter("error", DeprecationWarning)  # of what is no whole number
        try:
            values = np.fromstring(delimiter.join(rows).decode("ascii"), np.int64, sep=layout.delimiter)
        except (DeprecationWarning, ValueError):
            return None
    width = cells.pop()
    return values.reshape(len(rows), width) if values.size == len(rows) * width else None


def _check_widths(path: Path, delimiter: str) -> None:
    """Checks that all rows have the same number of cells: `loadtxt` drops what follows the columns that it reads.

    Raises:
      NasctlError: A row has more or fewer.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file, delimiter=delimiter)
        width = 0
        for row in rows:
            width = width or len(row)
            if row and len(row) != width:
                raise NasctlError(
                    f"{path}:{rows.line_num}: this row has {len(row):,} cells, but the first one has {width:,}",
                    hint="each row needs a label and a number for each pixel",
                )


def _labels(texts: np.ndarray) -> np.ndarray:
    """Labels as whole numbers if they all are, else as numbers, else as texts."""
    for dtype in (np.int64, np.float64):
        try:
            return texts.astype(dtype)
        except ValueError:
            continue
    return texts


def _as_bytes(pixels: np.ndarray) -> np.ndarray:
    """Grey values as uint8 if they are whole numbers from 0 to 255."""
    with np.errstate(invalid="ignore", over="ignore"):
        values = pixels.astype(np.uint8)
        return values if np.array_equal(values, pixels) else pixels.astype(np.float32, copy=False)


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
