"""Recognises what kind of data set a folder is by the names of its files."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from nasctl.datasets.reading import reading
from nasctl.datasets.split_files import has_split_files
from nasctl.datasets.texts.text_files import is_text_folder
from nasctl.errors import NasctlError

IMAGE_SUFFIXES = frozenset(
    (
        ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".dib", ".gif", ".ppm", ".pgm", ".pbm", ".pnm", ".tif",
        ".tiff",
        ".webp", ".avif", ".heic", ".heif", ".jp2", ".j2k", ".ico", ".tga", ".pcx", ".sgi", ".exr", ".hdr", ".dcm",
    )
)  # fmt: skip
"""The endings of files that are images, whether or not they can be read."""

IDX_FILE = re.compile(r"^(?P<stem>.+)-(?P<what>images|labels)[-.]idx[13]-ubyte(?:\.gz)?$")
"""The names of the files of MNIST and the data sets that took its format."""


_TRIED = 20
"""The largest number of subfolders in which a data set is looked for if the folder itself is not one."""


class FolderKind(StrEnum):
    """What a folder is. The values are phrases for messages."""

    TEXT = "a text: train.txt, valid.txt and test.txt"
    IDX = "the files of MNIST: train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-…"
    ARRAYS = "arrays: x_train.npy, y_train.npy, … or images.npy and labels.npy"
    PARQUET = "Parquet files, as data sets of the Hugging Face hub are"
    IMAGES = "images in a subfolder for each class, or with a labels.csv"
    SERIES = "series: NAME_TRAIN.ts and NAME_TEST.ts"
    TABLES = "tables: train.csv and test.csv, or .tsv or .jsonl files"
    DOCUMENTS = "documents: .txt files in a subfolder for each class"


@dataclass(frozen=True)
class FolderContents:
    """What is in a folder.

    Attributes:
      path: The folder.
      kind: What it is; None if it is no data set.
      suffixes: The number of files by the endings of their names, subfolders included. If the folder is a data set,
        the count stops where that is known.
      folders: The names of its direct subfolders.
    """

    path: Path
    kind: FolderKind | None
    suffixes: Counter[str]
    folders: tuple[str, ...]


def look_into(folder: Path) -> FolderContents:
    """Looks what kind of data set a folder is. Hidden files and folders are ignored.

    Raises:
      NasctlError: The folder cannot be read.
    """
    with reading(folder, "a folder"):
        entries = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
        folders = tuple(name for name in entries if (folder / name).is_dir())
    suffixes: Counter[str] = Counter()
    kind = _kind_by_top(folder, [name for name in entries if name not in set(folders)], folders)
    if kind is None:
        documents = False
        for path in _files(folder):
            suffix = path.suffix.lower()
            suffixes[suffix] += 1
            if suffix in IMAGE_SUFFIXES:
                kind = FolderKind.IMAGES
                break
            documents = documents or (suffix == ".txt" and path.parent != folder)
        if kind is None and documents:
            kind = FolderKind.DOCUMENTS
    return FolderContents(folder, kind, suffixes, folders)


def _kind_by_top(folder: Path, files: list[str], folders: tuple[str, ...]) -> FolderKind | None:
    """The kind of a folder whose own files tell it."""
    if is_text_folder(folder):
        return FolderKind.TEXT
    if any(IDX_FILE.match(name) for name in files):
        return FolderKind.IDX
    suffixes = {Path(name).suffix.lower() for name in files}
    if ".npy" in suffixes:
        return FolderKind.ARRAYS
    if ".parquet" in suffixes or ("data" in folders and any((folder / "data").glob("*.parquet"))):
        return FolderKind.PARQUET
    if "labels.csv" in (name.lower() for name in files):
        return FolderKind.IMAGES
    if has_split_files(files, (".ts",)):
        return FolderKind.SERIES
    if has_split_files(files, (".csv", ".tsv", ".jsonl", ".ndjson")):
        return FolderKind.TABLES
    return None


def _files(folder: Path) -> Iterator[Path]:
    """The visible files below a folder, whose links are followed once."""
    seen: set[str] = set()
    for place, folders, files in os.walk(folder, followlinks=True):
        seen.add(os.path.realpath(place))
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(os.path.join(place, name)) not in seen
        )
        yield from (Path(place) / name for name in sorted(files) if not name.startswith("."))


def _is_data_set(folder: Path) -> bool:
    try:
        return look_into(folder).kind is not None
    except NasctlError:
        return False


def no_data_set(contents: FolderContents) -> NasctlError:
    """The error for a folder that is no data set: what is in it, and what a folder can be."""
    files = sum(contents.suffixes.values())
    found = [
        f"{count:,} {suffix or 'without an ending'}" for suffix, count in contents.suffixes.most_common(4)
    ]
    if contents.folders:
        shown = ", ".join(contents.folders[:4]) + (", …" if len(contents.folders) > 4 else "")
        many = len(contents.folders) > 1
        found.insert(0, f"the subfolder{'s' if many else ''} {shown}{' without files' if not files else ''}")
    packed = [suffix for suffix in (".zip", ".tar", ".gz", ".tgz", ".npz") if suffix in contents.suffixes]
    what = "; ".join(f"({number}) {kind}" for number, kind in enumerate(FolderKind, 1))
    hint = f"a folder can be {what}"
    below = next((name for name in contents.folders[:_TRIED] if _is_data_set(contents.path / name)), None)
    if below is not None:
        hint = f"its subfolder {below} is a data set: name {contents.path / below}; {hint}"
    elif ".npz" in packed:
        hint = f"to use an .npz file, name the file; {hint}"
    elif packed:
        hint = f"unpack the {packed[0]} file{'s' if contents.suffixes[packed[0]] > 1 else ''} first; {hint}"
    return NasctlError(
        f"{contents.path} is no data set: it has {', '.join(found) if found else 'no files'}", hint=hint
    )
