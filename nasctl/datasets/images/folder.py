"""Loads a folder of images: with a subfolder for each class, or with a table of labels."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.images.classes import list_of_folders
from nasctl.datasets.images.decoding import Header
from nasctl.datasets.images.files import (
    Content,
    Problem,
    note_of_problems,
    unreadable_files,
)
from nasctl.datasets.images.listing import (
    ImageList,
    check_splits,
    listed,
    normal,
    with_splits,
)
from nasctl.datasets.images.prepared import ImageStore, store_of
from nasctl.datasets.images.size import image_format, note_of_size
from nasctl.datasets.images.table import find_table, list_of_table
from nasctl.datasets.images.tree import tree_of
from nasctl.input_kind import InputKind


def load_image_folder(
    root: Path,
    data_dir: Path | None = None,
    *,
    settings: DataConfig = DEFAULT_DATA,
    encoding: Encoding | None = None,
) -> Dataset:
    """Loads a folder of images.

    Args:
      root: The folder.
      data_dir: The folder of prepared data sets, in which the decoded images are kept; None to keep nothing.
      settings: The size of the images and how they get there.
      encoding: The encoding of a trained network that is to be measured: images get the form of its training images.

    Raises:
      NasctlError: The folder has no classes, a class has too few images, or files cannot be read.
    """
    images = with_splits(_listed(root), settings.splits)
    store, unkept = store_of(images, data_dir)
    readable = _readable_headers(images, store)
    form = encoding.image if encoding and encoding.image else image_format(readable, settings)
    pixels, contents = store.pixels(form)
    notes = [*images.notes, *note_of_size(form, readable, settings), *unkept]
    if problems := _problems(images, contents):
        notes.append(note_of_problems(root, problems, len(images)))
        images = images.take([index for index, item in enumerate(contents) if isinstance(item, Content)])
        check_splits(images)
    known = [content for content in contents if isinstance(content, Content)]
    notes += _note_of_frames(images, known) + _note_of_copies(images, known)
    splits = {
        split: Examples(pixels[split], images.labels[part], images.keys[part])
        for split, part in images.parts().items()
    }
    return Dataset(
        str(root),
        InputKind.IMAGE,
        splits["train"],
        splits["test"],
        images.class_names,
        validation=splits.get("validation"),
        target=images.target,
        image=form,
        notes=tuple(notes),
        digest=_digest(images, known, form),
    )


def image_folder_format(root: Path, data_dir: Path | None, settings: DataConfig, largest: int) -> ImageFormat:
    """The form that the images of a folder get, without decoding them.

    Args:
      root: The folder.
      data_dir: As for `load_image_folder`.
      settings: The size of the images and how they get there.
      largest: The largest height and width that are chosen if the settings name no size.

    Raises:
      NasctlError: The folder has no classes, a class has too few images, or no file can be read.
    """
    images = with_splits(_listed(root), settings.splits)
    store, _ = store_of(images, data_dir)
    return image_format(_readable_headers(images, store), settings, largest)


def _readable_headers(images: ImageList, store: ImageStore) -> list[Header]:
    headers = store.headers()
    readable = [header for header in headers if isinstance(header, Header)]
    if len(readable) == len(headers):
        check_splits(images)
    elif not readable:
        raise unreadable_files(images.root, _problems(images, headers))
    return readable


def _listed(root: Path) -> ImageList:
    tree = tree_of(root)
    table = find_table(root)
    images = None if table is None else list_of_table(tree, table)
    return list_of_folders(tree) if images is None else images


def _problems(images: ImageList, found: Sequence[object]) -> dict[str, Problem]:
    return {name: item for name, item in zip(images.names, found, strict=True) if isinstance(item, Problem)}


def _note_of_frames(images: ImageList, contents: Sequence[Content]) -> list[str]:
    names = [name for name, content in zip(images.names, contents, strict=True) if content.frames]
    if not names:
        return []
    many = len(names) > 1
    what = f"{len(names):,} files have" if many else "1 file has"
    return [f"{what} several frames or pages, of which the first is used: {listed(names)}"]


def _note_of_copies(images: ImageList, contents: Sequence[Content]) -> list[str]:
    """The note about files that are in the training images and in another split."""
    trained = {
        content.digest: name
        for name, split, content in zip(images.names, images.splits, contents, strict=True)
        if split == "train"
    }
    notes = []
    for other, what in (("test", "test"), ("validation", "validation")):
        copies = [
            f"{name} = {trained[content.digest]}"
            for name, split, content in zip(images.names, images.splits, contents, strict=True)
            if split == other and content.digest in trained
        ]
        if copies:
            one = "1 image is" if len(copies) == 1 else f"{len(copies):,} images are"
            notes.append(f"{one} both among the training and the {what} images: {listed(copies)}")
    return notes


def _digest(images: ImageList, contents: Sequence[Content], form: ImageFormat) -> str:
    """The digest of the names, contents, splits and labels of all files, and of how they are read."""
    digest = hashlib.sha256(
        repr((form, images.target.value, images.class_names)).encode("utf-8", "surrogatepass")
    )
    for name, split, content in zip(images.names, images.splits, contents, strict=True):
        digest.update(f"{split} {normal(name)}\n".encode("utf-8", "surrogatepass"))
        digest.update(content.digest)
    digest.update(np.ascontiguousarray(images.labels).tobytes())
    return digest.hexdigest()
