"""Finds a data set by what the person calls it."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from nasctl.cache import cache_folder
from nasctl.datasets.catalogue import CATALOGUE
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.own_file import load_file
from nasctl.datasets.own_folder import load_folder
from nasctl.datasets.prepared import folder_of, is_prepared, load_source
from nasctl.errors import NasctlError


@dataclass(frozen=True)
class Description:
    """What is known of a data set without reading it.

    Attributes:
      name: How to ask for it.
      summary: One line.
      shape: (height, width, channels) of an image.
      classes: Number of classes.
      train: Number of examples to learn from.
      test: Number of test examples.
      folder: Where it is, or will be, prepared.
      prepared: Whether it can be read at once.
    """

    name: str
    summary: str
    shape: tuple[int, int, int]
    classes: int
    train: int
    test: int
    folder: Path
    prepared: bool


def load(name: str, data_dir: Path | None = None) -> Dataset:
    """Loads a data set, preparing it first if it is not yet.

    Args:
      name: One of `names()`, the path of an `.npz` or of a folder of images, or any data set of TFDS.
      data_dir: Where data sets are prepared and looked for; by default `default_data_dir()`.

    Raises:
      NasctlError: There is no such data set, it cannot be had here, or a file of the person's does not fit.
    """
    data_dir = Path(data_dir).expanduser() if data_dir else default_data_dir()
    path = Path(name).expanduser().absolute()
    if path.suffix == ".npz":
        return load_file(path)
    if name in CATALOGUE:
        return load_source(CATALOGUE[name], data_dir)
    if path.is_dir():
        return load_folder(path)
    if os.sep in name and not _looks_like_tfds(name):
        raise NasctlError(
            f"there is no folder {name}", hint="a data set is a name, an .npz or a folder of images"
        )
    from nasctl.datasets.tfds_names import load_tfds, tfds_names  # imports TFDS

    known = tfds_names()
    if name.split("/")[0].split(":")[0] in known or (data_dir / name).is_dir():
        return load_tfds(name, data_dir)
    close = difflib.get_close_matches(name, dict.fromkeys((*CATALOGUE, *known)), n=3)
    raise NasctlError(
        f"there is no data set {name!r}",
        hint=f"did you mean {' or '.join(close)}?"
        if close
        else f"{', '.join(CATALOGUE)}, a data set of TFDS, an .npz or a folder of images",
    )


def names() -> tuple[str, ...]:
    """The data sets of the catalogue."""
    return tuple(CATALOGUE)


def describe(name: str, data_dir: Path | None = None) -> Description:
    """What is known of a data set of the catalogue, without preparing or reading it.

    Raises:
      NasctlError: It is not in the catalogue.
    """
    if name not in CATALOGUE:
        raise NasctlError(f"{name!r} is not in the catalogue", hint=f"it has {', '.join(CATALOGUE)}")
    source = CATALOGUE[name]
    data_dir = data_dir or default_data_dir()
    return Description(
        name=name,
        summary=source.summary,
        shape=source.shape,
        classes=len(source.class_names),
        train=source.splits["train"],
        test=source.splits["test"],
        folder=folder_of(source, data_dir),
        prepared=is_prepared(source, data_dir),
    )


def default_data_dir() -> Path:
    """`$NASCTL_DATA_DIR`, or the folder `datasets` of the cache."""
    named = os.environ.get("NASCTL_DATA_DIR")
    return Path(named).expanduser() if named else cache_folder() / "datasets"


def _looks_like_tfds(name: str) -> bool:
    """Whether a name with a slash may be NAME/CONFIG of TFDS and no path."""
    return not name.startswith((".", "/", "~")) and name.count("/") <= 2
