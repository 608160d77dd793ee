"""Reads a table of image files and their labels: `labels.csv` with the columns `file`, `label` and maybe `split`."""

from __future__ import annotations

import csv
import io
import os
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.datasets.images.classes import note_of_others
from nasctl.datasets.images.listing import (
    ImageList,
    listed,
    name_keys,
    normal,
    order_of,
)
from nasctl.datasets.images.tree import Tree
from nasctl.datasets.labels import CLASS_COLUMNS, NUMBER_COLUMNS, Labels, labels_of
from nasctl.datasets.reading import reading
from nasctl.datasets.split_names import SplitName, split_named
from nasctl.errors import NasctlError
from nasctl.files import read_text
from nasctl.target_kind import TargetKind

TABLES = ("labels.csv", "labels.tsv", "metadata.csv", "metadata.tsv")
"""The names of tables of labels, in upper or lower case. The first that exists is read."""

_FILE_COLUMNS = (
    "file",
    *("filename", "file_name", "filepath", "file_path", "path"),
    *("image", "image_name", "image_path", "image_id", "id"),
)
_SPLIT_COLUMNS = ("split", "set", "subset", "partition")

_LARGEST_TABLE = 2**30
_LISTED = 20


@dataclass(frozen=True)
class _Table:
    """A table: the cells of each column, and the line of each row in the file."""

    path: Path
    columns: dict[str, list[str]]
    lines: list[int]

    def place(self, row: int) -> str:
        return f"{self.path}:{self.lines[row]}"

    def column(self, names: Sequence[str]) -> str | None:
        """The first column with one of some names, in upper or lower case."""
        called = {name.lower().replace(" ", "_").replace("-", "_"): name for name in reversed(self.columns)}
        return next((called[name] for name in names if name in called), None)


def find_table(root: Path) -> Path | None:
    """The table of labels in a folder, if it has one."""
    with reading(root, "a folder of images"):
        found = {name.lower(): name for name in sorted(os.listdir(root), reverse=True)}
    return next((root / found[name] for name in TABLES if name in found), None)


def list_of_table(tree: Tree, path: Path) -> ImageList | None:
    """The images of a table, in the order of their names.

    Args:
      tree: The files of the folder.
      path: The table.

    Returns:
      The images, or None if the table is about something else: it has no column of files, and the folder has
      subfolders with images.

    Raises:
      NasctlError: The table cannot be read or lacks labels, or its files do not exist.
    """
    table = _read(path)
    file, split = table.column(_FILE_COLUMNS), table.column(_SPLIT_COLUMNS)
    known = table.column((*CLASS_COLUMNS, *NUMBER_COLUMNS))
    if file is None or (path.stem.lower() == "metadata" and known is None):
        if any("/" in name for name in tree.images):
            return None
        raise NasctlError(
            f"{path} has no column `{'file' if file is None else 'label'}`: it has {', '.join(table.columns)}",
            hint="the first line names the columns, such as file,label",
        )
    others = [name for name in table.columns if name not in (file, split)]
    if not others:
        raise NasctlError(
            f"{path} has no column of labels", hint="the first line names the columns: file,label"
        )
    names, rows, notes = _files(tree, table, file)
    used = [known] if known is not None else others
    if len(used) < len(others):
        notes.append(f"columns of {path.name} are not used: {listed([n for n in others if n not in used])}")
    cells = {name: [table.columns[name][row] for row in rows] for name in used}
    labels = labels_of(cells, lambda row: table.place(rows[row]))
    splits = _splits(table, split, rows) if split else _folder_splits(names)
    _check_classes(path, labels, splits)
    if absent := sorted(set(tree.images) - set(names), key=order_of):
        what = "1 image is" if len(absent) == 1 else f"{len(absent):,} images are"
        notes.append(f"{what} ignored, as {path.name} does not name them: {listed(absent)}")
    images = ImageList(
        tree.root,
        tuple(names),
        name_keys(names),
        tuple(splits),
        labels.values,
        labels.class_names,
        labels.target,
        (*notes, *labels.notes, *note_of_others(tree)),
    )
    return images.take(sorted(range(len(names)), key=lambda index: order_of(names[index])))


def _read(path: Path) -> _Table:
    text = read_text(path, limit=_LARGEST_TABLE).removeprefix("\ufeff")
    first = text.partition("\n")[0]
    separator = "\t" if path.suffix.lower() == ".tsv" else max(",;\t", key=first.count)
    rows: list[list[str]] = []
    lines: list[int] = []
    with reading(path, "a table"):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
                lines.append(reader.line_num)
    if len(rows) < 2:
        raise NasctlError(f"{path} has no rows", hint="the first line names the columns, such as file,label")
    header = [cell.strip() for cell in rows[0]]
    twice = sorted({name for name in header if name and header.count(name) > 1})
    if twice:
        raise NasctlError(f"{path} has two columns `{twice[0]}`")
    for row, line in zip(rows[1:], lines[1:], strict=True):
        if len(row) != len(header):
            raise NasctlError(f"{path}:{line} has {len(row)} cells, and the first line has {len(header)}")
    columns = {
        name: [row[at] for row in rows[1:]]
        for at, name in enumerate(header)
        if name and not name.lower().startswith("unnamed:")  # the index of a table of pandas
    }
    return _Table(path, columns, lines[1:])


def _files(tree: Tree, table: _Table, column: str) -> tuple[list[str], list[int], list[str]]:
    """The files that the rows name: the names that exist, their rows, and notes."""
    find = _Finder(tree)
    rows: dict[str, int] = {}
    missing: list[str] = []
    twice: list[str] = []
    for row, cell in enumerate(table.columns[column]):
        name = find(cell)
        if name is None:
            missing.append(f"{table.path.name}:{table.lines[row]}: {cell.strip()}")
        elif name in rows:
            if any(cells[row] != cells[rows[name]] for key, cells in table.columns.items() if key != column):
                raise NasctlError(
                    f"{table.place(row)}: {name} has another label or split than in line {table.lines[rows[name]]}",
                    hint="write several labels of one file in one row: a|b",
                )
            twice.append(name)
        else:
            rows[name] = row
    count = len(table.lines)
    if len(missing) > (-(-count // 100) if count >= 20 else 0):
        more = [f"  and {len(missing) - _LISTED} more"] if len(missing) > _LISTED else []
        shown = [f"  {item}" for item in missing[:_LISTED]]
        raise NasctlError(
            "\n".join([f"{len(missing)} of {count} files of {table.path} do not exist:", *shown, *more]),
            hint=f"names are relative to {tree.root}",
        )
    notes = []
    if missing:
        what = "1 file does" if len(missing) == 1 else f"{len(missing)} files do"
        notes.append(f"{what} not exist: {listed(missing)}")
    if twice:
        notes.append(f"{table.path.name} names files twice: {listed(twice)}")
    return list(rows), list(rows.values()), notes


class _Finder:
    """Finds the file that a cell means: by its name, by the end of its path, or by its name without an ending."""

    def __init__(self, tree: Tree) -> None:
        files = (*tree.images, *tree.others)
        self._names = {normal(name): name for name in files}
        self._last: dict[str, list[str]] = defaultdict(list)
        for name in files:
            last = normal(name.rpartition("/")[2])
            self._last[last].append(name)
            if "." in last:
                self._last[last.rpartition(".")[0]].append(name)

    def __call__(self, cell: str) -> str | None:
        wanted = normal(cell.strip()).replace("\\", "/").removeprefix("./")
        if wanted in self._names:
            return self._names[wanted]
        found = self._last.get(wanted.rpartition("/")[2], [])
        if "/" in wanted:
            found = [
                name
                for name in found
                if f"/{normal(name)}".endswith(f"/{wanted}") or f"/{wanted}".endswith(f"/{normal(name)}")
            ]
        return found[0] if len(found) == 1 else None


def _splits(table: _Table, column: str, rows: Sequence[int]) -> list[SplitName | None]:
    splits: list[SplitName | None] = []
    for row in rows:
        cell = table.columns[column][row].strip()
        split = split_named(cell)
        if split is None:
            raise NasctlError(
                f"{table.place(row)}: `{cell}` is no split", hint="a split is train, val or test"
            )
        splits.append(split)
    if "train" not in splits:
        raise NasctlError(
            f"{table.path} has no training images", hint=f"write train into the column {column}"
        )
    return splits


def _folder_splits(names: Sequence[str]) -> list[SplitName | None]:
    """The splits that the folders of the files state: all of them, or none."""
    splits = [split_named(name.partition("/")[0]) if "/" in name else None for name in names]
    return splits if None not in splits and "train" in splits else [None] * len(names)


def _check_classes(path: Path, labels: Labels, splits: Sequence[SplitName | None]) -> None:
    if labels.target is not TargetKind.NUMBERS and len(labels.class_names) < 2:
        raise NasctlError(
            f"{path} has one class only, `{labels.class_names[0]}`"
            if labels.class_names
            else f"{path} has no labels",
            hint="a network needs at least two classes to tell apart",
        )
    if "test" in splits and labels.target is TargetKind.CLASS:
        trained = labels.values[np.array([split == "train" for split in splits])]
        untrained = np.setdiff1d(labels.values, trained)
        if len(untrained):
            raise NasctlError(
                f"{path} has no training images of the class `{labels.class_names[untrained[0]]}`",
                hint="every class needs training images",
            )
