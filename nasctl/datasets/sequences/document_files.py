"""Reads documents from tables, from JSON lines, and from folders with one file for each document."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.reading import reading, require_file
from nasctl.datasets.sequences.documents import documents_dataset
from nasctl.datasets.sequences.parts import Part, Parts, by_split
from nasctl.datasets.sequences.series_tables import labels_in
from nasctl.datasets.split_files import split_files
from nasctl.datasets.split_names import split_named
from nasctl.datasets.tables import LARGEST, Table, label_columns, numbers_of, read_table
from nasctl.datasets.texts.text import Unit
from nasctl.errors import NasctlError
from nasctl.files import parse_json, read_text
from nasctl.foreign_text import shortened

TABLES = (".csv", ".tsv")
JSON_LINES = (".jsonl", ".ndjson")
_TEXTS = ("text", "document", "sentence", "review", "content", "body")
_LABELS = ("label", "class", "category", "sentiment", "target", "value", "y")
_NUMBERS = ("target", "value", "y")
_UNLABELLED = ("unsup", "unlabeled", "unlabelled")


@dataclass(frozen=True, eq=False)
class _Documents:
    """The documents of a file or folder; the attributes are those of `series_tables.SeriesTable`."""

    parts: Parts[str]
    label: str
    numbers: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def load_documents(name: str, path: Path, unit: Unit, encoding: Encoding | None = None) -> Dataset:
    """Reads a data set of documents.

    Args:
      name: The name with which `load` finds the data set.
      path: A CSV or TSV file with the columns `text` and `label`, or `target` for a number to predict; a file of JSON
        lines with these names; a folder with a file for each split of such kinds; or a folder with a folder of .txt
        files for each class, in folders `train` and `test` or not. A column `split` says train, validation or test.
      unit: Whether text tokens are words or characters.
      encoding: The encoding of a trained network that is to be measured.

    Raises:
      NasctlError: The path does not exist or is no data set of documents.
    """
    if not path.exists():
        raise NasctlError(
            f"the data set {path} does not exist",
            hint="name a CSV file with the columns text and label, or a folder with .txt files by class",
        )
    found = _of_folder(path) if path.is_dir() and _is_tree(path) else _of_files(path)
    return documents_dataset(
        name,
        found.parts,
        unit,
        label=found.label,
        numbers=found.numbers,
        encoding=encoding,
        notes=found.notes,
    )


def has_text(path: Path) -> bool:
    """Whether a file is a table with a column of texts."""
    return read_table(path).column_of(*_TEXTS) is not None


def _of_files(path: Path) -> _Documents:
    files = split_files(path, (*TABLES, *JSON_LINES))
    read = {split: _of_file(file) for split, file in files.items()}
    if "train" not in read:
        raise NasctlError(
            f"{path} has no training documents", hint="put a file whose name ends in _train beside it"
        )
    first = read["train"]
    if len(read) == 1:
        return first
    for split, documents in read.items():
        if len(documents.parts) > 1:
            raise NasctlError(
                f"{files[split]} has a split for each document, but there are files for the splits",
                hint="use one of both",
            )
    beside = {} if path.is_dir() else {split: file for split, file in files.items() if file != path}
    notes = [f"{file.name} beside it is the {split} split" for split, file in beside.items()]
    parts = {split: documents.parts["train"] for split, documents in read.items()}
    return _Documents(parts, first.label, first.numbers, (*notes, *first.notes))


def _of_file(path: Path) -> _Documents:
    suffix = path.suffix.lower()
    if suffix in TABLES:
        return _of_table(read_table(path))
    if suffix in JSON_LINES:
        return _of_json_lines(path)
    raise NasctlError(
        f"{path} is no file of documents",
        hint=f"documents are read from {', '.join((*TABLES, *JSON_LINES))} files and from folders of .txt files",
    )


def _of_table(table: Table) -> _Documents:
    text, split = table.column_of(*_TEXTS), table.column_of("split")
    if table.names is None or text is None:
        names = table.names or ("without names",)
        known = ", ".join(shortened(name, 60) for name in names[:12]) + (", …" if len(names) > 12 else "")
        raise NasctlError(
            f"{table.path} is no table of documents: its columns are {known}",
            hint="name the columns in the first row: `text`, `label` (or `target` for a number to predict) and, "
            "if you like, `split`",
        )
    labelled, are_numbers = label_columns(table)
    texts = [row[text] for row in table.rows]
    splits = None if split is None else table.column(split)
    names = tuple(table.names[index] for index in labelled)
    labels = numbers_of(table, labelled) if are_numbers else labels_in(table.column(labelled[0]))
    parts = by_split(str(table.path), texts, labels, splits)
    return _Documents(parts, f"the column {shortened(names[0], 60)}", names if are_numbers else ())


def _of_json_lines(path: Path) -> _Documents:
    require_file(path)
    rows: list[dict[str, Any]] = []
    lines = read_text(path, limit=LARGEST).removeprefix("\ufeff").split("\n")
    for number, line in enumerate(lines, start=1):
        if line.strip():
            row = parse_json(line, f"{path}:{number}")
            if not isinstance(row, dict):
                raise NasctlError(
                    f"{path}:{number}: this line is no JSON object",
                    hint='write {"text": "…", "label": "…"} in each line',
                )
            rows.append({str(key).casefold(): value for key, value in row.items()})
    if not rows:
        raise NasctlError(f"{path} is empty")
    text, label = _key_of(rows[0], _TEXTS), _key_of(rows[0], _LABELS)
    for number, row in enumerate(rows, start=1):
        if not text or not label or not isinstance(row.get(text), str) or not _is_label(row.get(label)):
            raise NasctlError(
                f"{path}: document {number:,} has no text or no label",
                hint='write {"text": "…", "label": "…"} in each line; a number to predict is named target',
            )
    values = [row[label] for row in rows]
    labels = labels_in([str(value) for value in values])
    numbers = (label,) if label in _NUMBERS and labels.dtype.kind in "if" else ()
    splits = [str(row.get("split", "")) for row in rows] if any("split" in row for row in rows) else None
    parts = by_split(str(path), [row[text] for row in rows], labels, splits)
    return _Documents(parts, f"`{label}`", numbers)


def _key_of(row: Mapping[str, object], names: Sequence[str]) -> str:
    return next((name for name in names if name in row), "")


def _is_label(value: object) -> bool:
    return isinstance(value, str | int | float)


def _is_tree(folder: Path) -> bool:
    """Whether a folder has a folder with texts."""
    return any(True for _ in _texts(folder, deep=True))


def _of_folder(root: Path) -> _Documents:
    """Reads `CLASS/**/*.txt`, or `SPLIT/CLASS/**/*.txt`. Hidden files are ignored."""
    folders = _folders(root)
    splits = {folder.name: split_named(folder.name) for folder in folders}
    notes: list[str] = []
    if "train" in splits.values():
        classes = {}
        for folder in folders:
            split = splits[folder.name]
            if split is None:
                notes.append(f"the folder {shortened(folder.name, 60)} is not used: it is no split")
                continue
            classes[split] = _by_class(folder, notes)
        parts = {split: _part(members) for split, members in classes.items()}
    else:
        parts = {"train": _part(_by_class(root, notes))}
    return _Documents(parts, "the folder", notes=tuple(notes))


def _by_class(folder: Path, notes: list[str]) -> dict[str, list[Path]]:
    classes: dict[str, list[Path]] = {}
    for sub in _folders(folder):
        if sub.name.casefold() in _UNLABELLED:
            notes.append(f"the folder {folder.name}/{sub.name} is not used: its documents have no label")
        elif files := list(_texts(sub, deep=False)):
            classes[sub.name] = files
    beside = [file for file in _files(folder) if file.suffix.lower() == ".txt"]
    if beside:
        notes.append(
            f"{len(beside):,} .txt files of {folder} are not used: they are in the folder of no class"
        )
    if not classes:
        raise NasctlError(f"{folder} has no folder with .txt files", hint="make a folder for each class")
    return classes


def _part(classes: Mapping[str, Sequence[Path]]) -> Part[str]:
    labels = [name for name, files in classes.items() for _ in files]
    return Part([_read(file) for files in classes.values() for file in files], np.array(labels, np.str_))


def _read(path: Path) -> str:
    require_file(path)
    return read_text(path)


def _texts(folder: Path, *, deep: bool) -> list[Path]:
    """The .txt files below a folder, without its own if `deep`."""
    found: list[Path] = []
    with reading(folder, "a folder"):
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            if not deep or Path(place) != folder:
                names = (name for name in sorted(files) if not name.startswith("."))
                found += [Path(place) / name for name in names if name.lower().endswith(".txt")]
    return found


def _folders(folder: Path) -> list[Path]:
    return _entries(folder, Path.is_dir)


def _files(folder: Path) -> list[Path]:
    return _entries(folder, Path.is_file)


def _entries(folder: Path, kind: Callable[[Path], bool]) -> list[Path]:
    with reading(folder, "a folder"):
        return sorted(entry for entry in folder.iterdir() if kind(entry) and not entry.name.startswith("."))
