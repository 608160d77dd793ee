"""Finds the image files below a folder."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from nasctl.datasets.images.listing import order_of
from nasctl.datasets.reading import reading

_OF_SYSTEMS = frozenset({"__macosx", "@eadir", "$recycle.bin", "system volume information", "lost+found"})
"""Folders that operating systems and file servers create."""

_WITHOUT_PIXELS = frozenset({"EPS", "MPEG"})
"""Formats of Pillow that it cannot decode itself."""

_DOCUMENTS = frozenset(
    {".txt", ".md", ".rst", ".html", ".pdf", ".ini", ".cfg", ".db", ".log", ".py", ".ipynb"}
)
"""The endings of files about a data set."""

_ANNOTATIONS = frozenset({".json", ".jsonl", ".csv", ".tsv", ".xml", ".yaml", ".yml"})
"""The endings of files of annotations."""

_USUAL = ("readme", "license", "licence", "copying", "authors", "citation", "makefile")
"""How the names of files about a data set begin, whatever their ending."""


@dataclass(frozen=True)
class Tree:
    """The files below a folder, without hidden ones.

    Attributes:
      root: The folder.
      images: The names of the image files relative to the folder, with `/` between their parts, in order.
      others: The names of files that are neither images nor documents.
      folders: The names of the subfolders at any depth, likewise.
    """

    root: Path
    images: tuple[str, ...]
    others: tuple[str, ...]
    folders: tuple[str, ...]

    def folders_in(self, place: str) -> tuple[str, ...]:
        """The names of the direct subfolders of a folder; `place` is empty for the root."""
        start = f"{place}/" if place else ""
        return tuple(
            name[len(start) :]
            for name in self.folders
            if name.startswith(start) and "/" not in name[len(start) :]
        )


@cache
def image_formats() -> tuple[str, ...]:
    """The formats that Pillow decodes, with the plug-ins of this process."""
    from PIL import Image, ImageFile

    Image.init()
    logging.getLogger("PIL").addHandler(logging.NullHandler())  # it would print what is wrong with a file
    return tuple(
        name
        for name, (opener, _) in Image.OPEN.items()
        if name not in _WITHOUT_PIXELS
        and not (isinstance(opener, type) and issubclass(opener, ImageFile.StubImageFile))
    )


@cache
def image_suffixes() -> frozenset[str]:
    """The endings of the names of image files, such as `.jpg`."""
    from PIL import Image

    formats = frozenset(image_formats())
    return frozenset(suffix for suffix, name in Image.registered_extensions().items() if name in formats)


def tree_of(root: Path) -> Tree:
    """Lists the files below a folder. Links to folders are followed; a link to a folder above it is not.

    Raises:
      NasctlError: A folder cannot be read.
    """
    suffixes = image_suffixes()
    images: list[str] = []
    others: list[str] = []
    folders: list[str] = []
    for name, is_folder in _walk(root, "", frozenset()):
        stem, suffix = os.path.splitext(name.rpartition("/")[2].lower())
        if is_folder:
            folders.append(name)
        elif suffix in suffixes:
            images.append(name)
        elif suffix not in _DOCUMENTS | _ANNOTATIONS and not stem.startswith(_USUAL):
            others.append(name)
    return Tree(root, *(tuple(sorted(names, key=order_of)) for names in (images, others, folders)))


def _walk(root: Path, place: str, above: frozenset[tuple[int, int]]) -> Iterator[tuple[str, bool]]:
    """Yields the name of each file and folder below a folder, and whether it is a folder."""
    folder = root / place
    with reading(folder, "a folder of images"):
        status = folder.stat()
        identity = (status.st_dev, status.st_ino)
        if identity in above:
            return
        with os.scandir(folder) as entries:
            found = [(entry.name, _is_folder(entry)) for entry in entries]
    for name, is_folder in found:
        if name.startswith(".") or (is_folder and name.casefold() in _OF_SYSTEMS):
            continue
        path = f"{place}/{name}" if place else name
        yield path, is_folder
        if is_folder:
            yield from _walk(root, path, above | {identity})


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself
        return False
