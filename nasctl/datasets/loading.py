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
from nasctl.datasets.own_text import is_text_folder, load_text
from nasctl.datasets.prepared import folder_of, is_prepared, load_source
from nasctl.datasets.python_manual import NAME as PYDOC
from nasctl.datasets.python_manual import SUMMARY, VOCABULARY, load_pydoc, pydoc_folder
from nasctl.datasets.text import STEPS, Unit
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind


@dataclass(frozen=True)
class Description:
    """What is known of a data set without reading it.

    Attributes:
      name: How to ask for it.
      summary: One line.
      shape: (height, width, channels) of an image, (steps,) of a text.
      classes: Number of classes, or of different tokens.
      train: Number of examples to learn from; 0 where that is not known before it is prepared.
      test: Number of test examples, likewise.
      folder: Where it is, or will be, prepared.
      prepared: Whether it can be read at once.
    """

    name: str
    summary: str
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    folder: Path
    prepared: bool


def load(name: str, data_dir: Path | None = None) -> Dataset:
    """Loads a data set, preparing it first if it is not yet.

    Args:
      name: One of `names()`, the path of an `.npz`, of a folder of images, of a text file or of a folder of
        those, or any data set of TFDS. A text is read as words, or with `chars:` before it as characters.
      data_dir: Where data sets are prepared and looked for; by default `default_data_dir()`.

    Raises:
      NasctlError: There is no such data set, it cannot be had here, or a file of the person's does not fit.
    """
    data_dir = Path(data_dir).expanduser() if data_dir else default_data_dir()
    prefix, _, rest = name.partition(":")
    if prefix in ("words", "chars"):
        return _load_text(rest, "words" if prefix == "words" else "chars", data_dir)
    path = Path(name).expanduser().absolute()
    if prefix == PYDOC or is_text_folder(path) or path.suffix == ".txt":
        return _load_text(name, "words", data_dir)
    if path.suffix == ".npz":
        return load_file(path)
    if name in CATALOGUE:
        return load_source(CATALOGUE[name], data_dir)
    if path.is_dir():
        return load_folder(path)
    if os.sep in name and not _looks_like_tfds(name):
        raise NasctlError(f"there is no folder {name}", hint=f"a data set is a name, {_OWN}")
    from nasctl.datasets.tfds_names import load_tfds, tfds_names  # imports TFDS

    known = tfds_names()
    if name.split("/")[0].split(":")[0] in known or (data_dir / name).is_dir():
        return load_tfds(name, data_dir)
    close = difflib.get_close_matches(name, dict.fromkeys((*names(), *known)), n=3)
    raise NasctlError(
        f"there is no data set `{name}`",
        hint=f"did you mean {' or '.join(close)}?"
        if close
        else f"{', '.join(names())}, a data set of TFDS, {_OWN}",
    )


_OWN = "an .npz, a folder of images, a text file or a folder with train.txt, valid.txt and test.txt"


def _load_text(name: str, unit: Unit, data_dir: Path) -> Dataset:
    """A text by its name or path."""
    if name.partition(":")[0] == PYDOC:
        return load_pydoc(data_dir, unit, version=name.partition(":")[2])
    path = Path(name).expanduser().absolute()
    if not path.exists():
        raise NasctlError(
            f"there is no text `{name}`", hint=f"it is {PYDOC}, a text file or a folder of those"
        )
    return load_text(path, unit)


def names() -> tuple[str, ...]:
    """The data sets of the catalogue."""
    return (*CATALOGUE, PYDOC)


def describe(name: str, data_dir: Path | None = None) -> Description:
    """What is known of a data set of the catalogue, without preparing or reading it.

    Raises:
      NasctlError: It is not in the catalogue.
    """
    data_dir = data_dir or default_data_dir()
    if name == PYDOC:
        folder = pydoc_folder(data_dir)
        return Description(name, SUMMARY, (STEPS,), VOCABULARY, 0, 0, folder, folder.is_dir())
    if name not in CATALOGUE:
        raise NasctlError(f"`{name}` is not in the catalogue", hint=f"it has {', '.join(names())}")
    source = CATALOGUE[name]
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


def signature_of(name: str, data_dir: Path | None = None) -> Signature:
    """What a data set fixes about a network; those of the catalogue are not read for it.

    Raises:
      NasctlError: As `load`.
    """
    if name in names():
        description = describe(name, data_dir)
        return Signature(description.shape, description.classes)
    loaded = load(name, data_dir)
    shape = (STEPS,) if loaded.kind is InputKind.TEXT else loaded.train.inputs.shape[1:]
    return Signature(shape, loaded.classes)


def default_data_dir() -> Path:
    """`$NASCTL_DATA_DIR`, or the folder `datasets` of the cache."""
    named = os.environ.get("NASCTL_DATA_DIR")
    return Path(named).expanduser() if named else cache_folder() / "datasets"


def _looks_like_tfds(name: str) -> bool:
    """Whether a name with a slash may be NAME/CONFIG of TFDS and no path."""
    return not name.startswith((".", "/", "~")) and name.count("/") <= 2
