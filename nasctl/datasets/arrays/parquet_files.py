"""Reads Parquet files of labelled images, as the Hugging Face hub has them, and tables of pixels in Parquet.

A column of images has the contents of image files (`{"bytes", "path"}` or bytes), or lists of numbers. Otherwise, each
numeric column besides the label is a pixel. pyarrow reads the files; it is no dependency of nasctl.
"""

from __future__ import annotations

import io
import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from nasctl.config import DataConfig
from nasctl.datasets.arrays.dataset import dataset_of_arrays
from nasctl.datasets.arrays.kept import kept_arrays
from nasctl.datasets.arrays.splits import Split, Splits
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.decoding import Header, decode, read_header
from nasctl.datasets.images.size import image_format, note_of_size
from nasctl.datasets.reading import reading, require_file, require_memory
from nasctl.datasets.split_names import SPELLINGS, SplitName
from nasctl.errors import NasctlError

if TYPE_CHECKING:
    import pyarrow

_SPLIT = re.compile(rf"(?:^|[-_.])({'|'.join(SPELLINGS)})(?=[-_.])", re.IGNORECASE)
_LABELS = ("label", "labels", "class", "target", "y", "digit", "fine_label")
_IMAGES = ("image", "img", "images", "pixels", "x")
_VERSION = "parquet 1"

Tables = Mapping[SplitName, "pyarrow.Table"]


def load_parquet(
    path: Path, data_dir: Path, *, settings: DataConfig, encoding: Encoding | None = None
) -> Dataset:
    """Reads a Parquet file, or a folder with `train-00000-of-00001.parquet`, `test-….parquet` and so on.

    Args:
      path: The file or folder.
      data_dir: The folder of prepared data sets, where decoded images are kept.
      settings: The size of the images and how they get there.
      encoding: The encoding of a trained network that is to be measured: images get the form of its training images.

    Raises:
      NasctlError: pyarrow is not installed, a file cannot be read, or its columns are no images and labels.
    """
    files = _files(path)
    tables = {split: _table(path, parts) for split, parts in files.items()}
    train = tables["train"]
    label = _column(path, train, _LABELS, "label")
    names = _class_names(train, label)
    labels = {split: _labels(path, table, label) for split, table in tables.items()}
    image = next((name for name in train.column_names if name.lower() in _IMAGES and name != label), None)
    if image is not None and _is_encoded(train, image):
        form, notes = _form(path, tables, image, settings, encoding)
        arrays = kept_arrays(
            [file for parts in files.values() for file in parts],
            repr((_VERSION, image, form)),
            data_dir,
            lambda: {split: _decoded(path, table, image, form) for split, table in tables.items()},
        )
        images: dict[SplitName, np.ndarray] = {split: arrays[split] for split in tables}
    else:
        form, notes = None, []
        images = {split: _pixels(path, table, image, label) for split, table in tables.items()}
    splits = {
        split: Split(images[split], labels[split], f"the images of {split}", f"{label} of {split}")
        for split in tables
    }
    made = dataset_of_arrays(str(path), Splits(splits, names, tuple(notes)))
    return replace(made, image=form)


def _files(path: Path) -> dict[SplitName, list[Path]]:
    """The files of each split."""
    if not path.is_dir():
        require_file(path)
        return {"train": [path]}
    found: dict[SplitName, list[Path]] = {}
    with reading(path, "a folder of Parquet files"):
        paths = sorted(path.glob("*.parquet")) or sorted((path / "data").glob("*.parquet"))
    for file in paths:
        match = _SPLIT.search(file.name)
        found.setdefault(SPELLINGS[match[1].lower()] if match else "train", []).append(file)
    if "train" not in found:
        raise NasctlError(
            f"{path} has no Parquet file of training examples, only {paths[0].name}",
            hint="name the file, or download the files of the split train too",
        )
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _table(path: Path, files: Sequence[Path]) -> Any:
    try:
        import pyarrow
        import pyarrow.parquet
    except ImportError as error:
        raise NasctlError(
            f"pyarrow is needed to read {path}, and it is not installed", hint="pip install 'nasctl[parquet]'"
        ) from error
    parts = []
    for file in files:
        require_file(file)
        with reading(file, "a Parquet file"):
            metadata = pyarrow.parquet.read_metadata(file)
            require_memory(
                file, sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
            )
            parts.append(pyarrow.parquet.read_table(file))
    with reading(path, "a set of Parquet files with the same columns"):
        return pyarrow.concat_tables(parts)


def _column(path: Path, table: Any, known: Sequence[str], what: str) -> str:
    for name in known:
        for column in table.column_names:
            if column.lower() == name:
                return str(column)
    raise NasctlError(
        f"{path} has no column called {what}",
        hint=f"rename the column of the {what}s; there are {', '.join(map(str, table.column_names[:12]))}",
    )


def _class_names(table: Any, label: str) -> tuple[str, ...] | None:
    """The names of the classes that the hub stores beside the columns, or None."""
    try:
        features = json.loads((table.schema.metadata or {})[b"huggingface"])["info"]["features"]
        names = features[label]["names"]
        return tuple(names) if all(isinstance(name, str) for name in names) else None
    except (KeyError, TypeError, ValueError):
        return None


def _labels(path: Path, table: Any, label: str) -> np.ndarray:
    if label not in table.column_names:
        raise NasctlError(f"{path}: a file has no column {label}", hint="give all files the same columns")
    column = table.column(label)
    if column.null_count:
        raise NasctlError(
            f"{path}: {column.null_count:,} of {len(column):,} examples have no {label}",
            hint="leave examples without a label out",
        )
    with reading(path, f"a table whose column {label} has labels"):
        values: np.ndarray = np.array(column.to_pylist())
    return values


def _is_encoded(table: Any, image: str) -> bool:
    """Whether a column has the contents of image files."""
    import pyarrow.types as types

    kind = table.schema.field(image).type
    return bool(types.is_struct(kind) or types.is_binary(kind) or types.is_large_binary(kind))


def _contents(path: Path, table: Any, image: str) -> list[bytes]:
    """The contents of the image files of a column."""
    contents = []
    for row, cell in enumerate(table.column(image).to_pylist()):
        content = cell.get("bytes") if isinstance(cell, dict) else cell
        if not isinstance(content, bytes):
            raise NasctlError(
                f"{path}: the {image} of row {row} has no bytes",
                hint="images that are only named by a path are not in the file; embed them",
            )
        contents.append(content)
    return contents


def _form(
    path: Path, tables: Tables, image: str, settings: DataConfig, encoding: Encoding | None
) -> tuple[ImageFormat, list[str]]:
    headers: list[Header] = []
    for table in tables.values():
        for row, content in enumerate(_contents(path, table, image)):
            with reading(path, f"a file of images: the {image} of row {row} cannot be decoded"):
                headers.append(read_header(cast(Path, io.BytesIO(content))))
    form = encoding.image if encoding and encoding.image else image_format(headers, settings)
    return form, note_of_size(form, headers, settings)


def _decoded(path: Path, table: Any, image: str, form: ImageFormat) -> np.ndarray:
    contents = _contents(path, table, image)
    require_memory(path, len(contents) * form.height * form.width * form.channels)
    pixels = np.empty((len(contents), form.height, form.width, form.channels), np.uint8)
    for row, content in enumerate(contents):
        with reading(path, f"a file of images: the {image} of row {row} cannot be decoded"):
            pixels[row] = decode(content, form)[0]
    return pixels


def _pixels(path: Path, table: Any, image: str | None, label: str) -> np.ndarray:
    """Images of numbers: a column of lists, or a column for each pixel."""
    with reading(path, "a table of images: each needs the same count of numbers"):
        if image is not None:
            return np.array(table.column(image).to_pylist())
        names = [name for name in table.column_names if name != label]
        columns = [table.column(name).to_numpy() for name in names]
        if any(column.dtype.kind not in "biuf" for column in columns):
            wrong = next(
                name for name, column in zip(names, columns, strict=True) if column.dtype.kind not in "biuf"
            )
            raise NasctlError(
                f"{path}: the column {wrong} has no numbers",
                hint=f"name the column of images {_IMAGES[0]}, or leave columns that are no pixels out",
            )
        if math.isqrt(len(columns)) ** 2 != len(columns):
            raise NasctlError(
                f"{path} has {len(columns)} columns besides {label}, which are no square of pixels",
                hint=f"name the column of images {_IMAGES[0]}, or leave columns that are no pixels out",
            )
        return np.stack(columns, 1)
