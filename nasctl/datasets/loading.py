"""Loads a data set by its name or path."""

from __future__ import annotations

import difflib
import os
from dataclasses import replace
from pathlib import Path

from nasctl.config import DEFAULT_DATA, DataConfig, read_image_size
from nasctl.datasets.catalogue import describe, names
from nasctl.datasets.data_folder import default_data_dir
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.folder_contents import FolderKind, no_data_set
from nasctl.datasets.source import DOCUMENTS, SERIES, Request
from nasctl.datasets.sources import SOURCES, holds, looks_like_tfds
from nasctl.datasets.texts.text import STEPS
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind


def load(
    name: str,
    data_dir: Path | None = None,
    *,
    settings: DataConfig = DEFAULT_DATA,
    encoding: Encoding | None = None,
) -> Dataset:
    """Loads a data set, and prepares it first if necessary.

    Args:
      name: One of `names()`; the path of a file or folder of one of the kinds in `sources.SOURCES`; or the name of a
        TFDS data set of labelled images. Text is read as words, or as characters if its name starts with `chars:`. A
        file that may contain several things is read as series or documents if its name starts with `series:` or
        `documents:`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.
      settings: How the examples are read.
      encoding: The encoding of a trained network that is to be measured: images get the size and a text the vocabulary
        that it was trained with. By default, both are chosen by the data set.

    Raises:
      NasctlError: The data set does not exist, cannot be downloaded or prepared, or has contents that cannot be used.
    """
    if not name:
        raise NasctlError("the name of the data set is empty", hint=_what_to_name())
    folder = Path(data_dir).expanduser() if data_dir else default_data_dir()
    request = Request(name, folder, settings, encoding)
    for source in SOURCES:
        if source.matches(request):
            loaded = source.load(request)
            loaded = _with_arrays_checked(loaded, settings)
            return loaded if settings.splits == "stable" else _split_as_before(loaded)
    raise _unknown(request)


def _with_arrays_checked(dataset: Dataset, settings: DataConfig) -> Dataset:
    """The data set, with a note if the fit of images has no effect: only the images of files are brought to a size.

    Raises:
      NasctlError: The images are arrays of another size than the settings ask for.
    """
    if dataset.image is not None or dataset.kind is not InputKind.IMAGE:
        return dataset
    if not settings.image_size:
        note = f"fit {settings.fit} has no effect, as the images are arrays of one size"
        return replace(dataset, notes=(*dataset.notes, note)) if settings.fit else dataset
    wanted, found = read_image_size(settings.image_size), tuple(dataset.train.inputs.shape[1:3])
    if wanted != found:
        raise NasctlError(
            f"the images of {dataset.name} are arrays of {found[0]}×{found[1]} pixels, and not of "
            f"{wanted[0]}×{wanted[1]}",
            hint="leave the image size out, or resize the arrays; only image files are brought to a size",
        )
    return dataset


def _split_as_before(dataset: Dataset) -> Dataset:
    """The data set without keys, so that validation examples are drawn at random, as before there were keys."""
    return replace(dataset, train=replace(dataset.train, keys=None), digest="")


def _unknown(request: Request) -> NasctlError:
    """The error for a data set that no source reads."""
    name = request.name
    if request.contents is not None:
        return no_data_set(request.contents)
    if request.path.exists():
        return NasctlError(f"{request.path} is no file of a kind that nasctl reads", hint=_what_to_name())
    if os.sep in name and not looks_like_tfds(name):
        return NasctlError(f"the folder {name} does not exist", hint=_what_to_name())
    from nasctl.datasets.tfds_datasets import tfds_names  # imports TFDS

    close = difflib.get_close_matches(name, dict.fromkeys((*names(), *tfds_names())), n=3)
    return NasctlError(
        f"no data set is called `{name}`",
        hint=f"did you mean {' or '.join(close)}?" if close else _what_to_name(),
    )


def _what_to_name() -> str:
    paths = [source.what for source in SOURCES if source.what]
    return f"name one of {', '.join(names())}, a data set of TFDS, {', '.join(paths[:-1])} or {paths[-1]}"


def signature_of(
    name: str, data_dir: Path | None = None, *, settings: DataConfig = DEFAULT_DATA
) -> Signature:
    """Returns the shape of a data set's inputs and its number of classes.

    Data sets that come with nasctl are not prepared or read for this.

    Args:
      name: The name or path, as for `load`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.
      settings: How the examples are read.

    Raises:
      NasctlError: The data set cannot be loaded.
    """
    if name in names():
        description = describe(name, data_dir)
        return Signature(description.shape, description.classes)
    loaded = load(name, data_dir, settings=settings)
    shape = (STEPS,) if loaded.target is TargetKind.TOKEN else loaded.train.inputs.shape[1:]
    return Signature(shape, loaded.classes, len(loaded.vocabulary))


def name_for(name: str, read: InputKind, *, next_token: bool) -> str:
    """The name of a data set that is read as networks read it, where its file may contain several things.

    Args:
      name: The name or path as the user gave it.
      read: What the networks read.
      next_token: Whether they predict the next token of a text.

    >>> name_for("data.csv", InputKind.SERIES, next_token=False), name_for("photos/", InputKind.IMAGE, next_token=False)
    ('series:data.csv', 'photos/')
    """
    request = Request(name, default_data_dir(), DEFAULT_DATA, None)
    if request.prefix or not name:
        return name
    if read is InputKind.SERIES:
        several: tuple[str, ...] = (".npz", ".csv", ".tsv")
    elif read is InputKind.TEXT and not next_token:
        several = (".csv", ".tsv")
    else:
        return name
    if Path(name).suffix.lower() in several or holds(FolderKind.TABLES)(request):
        return f"{SERIES if read is InputKind.SERIES else DOCUMENTS}:{name}"
    return name
