"""Reads a data set of series from files: `.ts`, `.npz`, `.csv` and `.tsv`, alone or one for each split."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from nasctl.datasets.arrays.npz_file import read_npz
from nasctl.datasets.arrays.splits import Split
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.sequences.parts import Part
from nasctl.datasets.sequences.series import series_dataset, without_padding
from nasctl.datasets.sequences.series_tables import SeriesTable, read_series_table
from nasctl.datasets.sequences.ts_files import read_ts
from nasctl.datasets.split_files import split_files
from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError

SUFFIXES = (".ts", ".tsv", ".csv")
"""The endings of files that may be one for each split."""


def load_series(name: str, path: Path, encoding: Encoding | None = None) -> Dataset:
    """Reads a data set of series.

    Args:
      name: The name with which `load` finds the data set.
      path: A file; or a folder with a file for each split, such as `NAME_TRAIN.ts` and `NAME_TEST.ts`.
      encoding: The encoding of a trained network that is to be measured.

    Raises:
      NasctlError: The path does not exist or is no data set of series.
    """
    if not path.exists():
        raise NasctlError(
            f"the data set {path} does not exist", hint="name a file, or a folder with NAME_TRAIN.ts"
        )
    if path.suffix.lower() == ".npz":
        return _load_npz(name, path, encoding)
    if path.is_file() and path.suffix.lower() not in SUFFIXES:
        raise NasctlError(
            f"{path} is no file of series", hint=f"series are read from .npz, {', '.join(SUFFIXES)} files"
        )
    files = split_files(path, SUFFIXES)
    beside = {} if path.is_dir() else {split: file for split, file in files.items() if file != path}
    notes = [f"{file.name} beside it is the {split} split" for split, file in beside.items()]
    tables = {split: _read(file) for split, file in files.items()}
    if "train" not in tables:
        raise NasctlError(
            f"{path} has no training series", hint="put a file whose name ends in _TRAIN beside it"
        )
    first = tables["train"]
    parts: dict[SplitName, Part[np.ndarray]] = {}
    for split, table in tables.items():
        if len(tables) == 1:
            parts.update(table.parts)
        elif len(table.parts) > 1:
            raise NasctlError(
                f"{files[split]} has a column split, but there are files for the splits",
                hint="use one of both",
            )
        else:
            parts[split] = table.parts["train"]
    return series_dataset(
        name,
        parts,
        label=first.label,
        numbers=first.numbers,
        encoding=encoding,
        notes=[*notes, *first.notes],
    )


def _read(file: Path) -> SeriesTable:
    if file.suffix.lower() != ".ts":
        return read_series_table(file)
    content = read_ts(file)
    return SeriesTable(
        {"train": Part(content.series, content.labels)},
        "the last field",
        numbers=("y",) if content.numbers else (),
    )


def _load_npz(name: str, path: Path, encoding: Encoding | None) -> Dataset:
    """Reads arrays (N, steps, features) or (N, steps). Steps of NaN at the ends are padding."""
    read = read_npz(path)
    parts = {key: Part(_series(path, split), split.labels) for key, split in read.splits.items()}
    first, notes = read.splits["train"], read.notes
    if first.inputs.ndim == 3 and first.inputs.shape[2] > first.inputs.shape[1]:
        _, steps, features = first.inputs.shape
        notes = (
            *notes,
            f"{first.inputs_name} is read as series of {steps:,} steps of {features:,} features each; if the last "
            f"axis is time, store np.swapaxes({first.inputs_name}, 1, 2)",
        )
    return series_dataset(
        name, parts, label=first.labels_name, class_names=read.class_names, encoding=encoding, notes=notes
    )


def _series(path: Path, split: Split) -> list[np.ndarray]:
    inputs = split.inputs
    if inputs.ndim not in (2, 3) or inputs.dtype.kind not in "biuf" or 0 in inputs.shape:
        raise NasctlError(
            f"{path}: {split.inputs_name} has the shape {inputs.shape} and the dtype {inputs.dtype}",
            hint="series are numbers of the shape (N, steps) or (N, steps, features)",
        )
    with np.errstate(over="ignore"):
        values = np.asarray(inputs, np.float32).reshape(*inputs.shape[:2], -1)
    if np.isinf(values).any():
        raise NasctlError(
            f"{path}: {split.inputs_name} has values that are infinite or too large for float32",
            hint="replace them, or write NaN where a value is missing",
        )
    return [without_padding(one) for one in values]
