"""Loads a data set by its name or path."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from nasctl.cache import cache_folder
from nasctl.config import DEFAULT_DATA, DataConfig
from nasctl.datasets.cifar10 import CIFAR10
from nasctl.datasets.dataset import Dataset, DatasetSpec
from nasctl.datasets.digits import DIGITS
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.image_folder import load_image_folder
from nasctl.datasets.npz_file import load_npz
from nasctl.datasets.preparation import folder_of, is_prepared, load_spec
from nasctl.datasets.python_manual import NAME as PYDOC
from nasctl.datasets.python_manual import SUMMARY, VOCABULARY, load_pydoc, pydoc_folder
from nasctl.datasets.text import STEPS, Unit, Vocabulary
from nasctl.datasets.text_files import is_text_folder, load_text_files
from nasctl.errors import NasctlError
from nasctl.graph import Signature
from nasctl.input_kind import InputKind

CATALOGUE: Mapping[str, DatasetSpec] = {spec.name: spec for spec in (DIGITS, CIFAR10)}
"""The image data sets that nasctl knows by name. To add one, write its `DatasetSpec` in a file and list it here."""


@dataclass(frozen=True)
class Description:
    """What is known about a data set before it is prepared.

    Attributes:
      name: The name with which `load` finds the data set.
      summary: A one-line description.
      shape: (height, width, channels) of an image, or (time steps,) of a text.
      classes: The number of classes, or the size of the vocabulary.
      train: The number of training examples; 0 if it is known only after preparation.
      test: The number of test examples, likewise.
      folder: The folder of the prepared files.
      prepared: Whether the data set is prepared.
    """

    name: str
    summary: str
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    folder: Path
    prepared: bool


def load(
    name: str,
    data_dir: Path | None = None,
    *,
    settings: DataConfig = DEFAULT_DATA,
    encoding: Encoding | None = None,
) -> Dataset:
    """Loads a data set, and prepares it first if necessary.

    Args:
      name: One of `names()`; the path of an .npz file, of a folder of images, of a text file or of a folder of text
        files; or the name of a TFDS data set of labelled images. A text is read as words, or as characters if its name
        starts with `chars:`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.
      settings: How the examples are read.
      encoding: The encoding of a trained network that is to be measured: images get the size and a text the vocabulary
        that it was trained with. By default, both are chosen by the data set.

    Raises:
      NasctlError: The data set does not exist, cannot be downloaded or prepared, or has contents that cannot be used.
    """
    if not name:
        raise NasctlError(
            "the name of the data set is empty", hint=f"name one of {', '.join(names())}, {_PATHS}"
        )
    data_dir = Path(data_dir).expanduser() if data_dir else default_data_dir()
    vocabulary = None if encoding is None else encoding.class_names
    prefix, _, rest = name.partition(":")
    if prefix in ("words", "chars"):
        return _load_text(rest, "words" if prefix == "words" else "chars", data_dir, vocabulary)
    path = _path_of(name)
    if prefix == PYDOC or is_text_folder(path) or path.suffix == ".txt":
        return _load_text(name, "words", data_dir, vocabulary)
    if path.suffix == ".npz":
        return load_npz(path)
    if name in CATALOGUE:
        return load_spec(CATALOGUE[name], data_dir)
    if path.is_dir():
        return load_image_folder(path)
    if os.sep in name and not _looks_like_tfds(name):
        raise NasctlError(
            f"the folder {name} does not exist", hint=f"name a data set of nasctl or TFDS, {_PATHS}"
        )
    from nasctl.datasets.tfds_datasets import load_tfds, tfds_names  # imports TFDS

    known = tfds_names()
    if name.split("/")[0].split(":")[0] in known or (data_dir / name).is_dir():
        return load_tfds(name, data_dir)
    close = difflib.get_close_matches(name, dict.fromkeys((*names(), *known)), n=3)
    raise NasctlError(
        f"no data set is called `{name}`",
        hint=f"did you mean {' or '.join(close)}?"
        if close
        else f"name one of {', '.join(names())}, a data set of TFDS, {_PATHS}",
    )


_PATHS = "an .npz file, a folder of images, a text file, or a folder with train.txt, valid.txt and test.txt"


def _path_of(name: str) -> Path:
    """The absolute path that the name of a data set stands for. It need not exist.

    Raises:
      NasctlError: No file can have this path, or it cannot be accessed.
    """
    path = Path(name)
    try:
        path = path.expanduser().absolute()
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return path
    # A name that is too long, links in a circle, no permission; no such home; a null character
    except (OSError, RuntimeError, ValueError) as error:
        raise NasctlError(
            f"the data set {name} cannot be read: {getattr(error, 'strerror', None) or error}",
            hint=f"name a data set of nasctl or TFDS, {_PATHS}",
        ) from error
    return path


def _load_text(name: str, unit: Unit, data_dir: Path, vocabulary: Vocabulary | None) -> Dataset:
    """Loads a text by its name or path."""
    if name.partition(":")[0] == PYDOC:
        return load_pydoc(data_dir, unit, name.partition(":")[2], vocabulary)
    path = _path_of(name)
    if not path.exists():
        raise NasctlError(
            f"the text `{name}` does not exist",
            hint=f"name {PYDOC}, a text file, or a folder with train.txt, valid.txt and test.txt",
        )
    return load_text_files(path, unit, vocabulary)


def names() -> tuple[str, ...]:
    """Returns the names of the data sets that come with nasctl."""
    return (*CATALOGUE, PYDOC)


def describe(name: str, data_dir: Path | None = None) -> Description:
    """Describes a data set that comes with nasctl, without preparing it.

    Args:
      name: One of `names()`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.

    Raises:
      NasctlError: The data set does not come with nasctl.
    """
    data_dir = data_dir or default_data_dir()
    if name == PYDOC:
        folder = pydoc_folder(data_dir)
        return Description(name, SUMMARY, (STEPS,), VOCABULARY, 0, 0, folder, folder.is_dir())
    if name not in CATALOGUE:
        raise NasctlError(
            f"no data set of nasctl is called `{name}`", hint=f"name one of {', '.join(names())}"
        )
    spec = CATALOGUE[name]
    return Description(
        name=name,
        summary=spec.summary,
        shape=spec.shape,
        classes=len(spec.class_names),
        train=spec.splits["train"],
        test=spec.splits["test"],
        folder=folder_of(spec, data_dir),
        prepared=is_prepared(spec, data_dir),
    )


def signature_of(name: str, data_dir: Path | None = None) -> Signature:
    """Returns the shape of a data set's inputs and its number of classes.

    Data sets that come with nasctl are not prepared or read for this.

    Args:
      name: The name or path, as for `load`.
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.

    Raises:
      NasctlError: The data set cannot be loaded.
    """
    if name in names():
        description = describe(name, data_dir)
        return Signature(description.shape, description.classes)
    loaded = load(name, data_dir)
    shape = (STEPS,) if loaded.kind is InputKind.TEXT else loaded.train.inputs.shape[1:]
    return Signature(shape, loaded.classes)


def default_data_dir() -> Path:
    """Returns the folder of prepared data sets: `$NASCTL_DATA_DIR`, or the folder `datasets` in nasctl's cache."""
    folder = os.environ.get("NASCTL_DATA_DIR")
    return Path(folder).expanduser() if folder else cache_folder() / "datasets"


def _looks_like_tfds(name: str) -> bool:
    """Whether a name with a slash may be NAME/CONFIG of TFDS rather than a path."""
    return not name.startswith((".", "/", "~")) and name.count("/") <= 2
