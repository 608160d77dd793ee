"""A data set as the rest of nasctl sees it: plain arrays, already split into train and test."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from nasctl.input_kind import InputKind


@dataclass(frozen=True, eq=False)
class Examples:
    """N examples; those of a text are its tokens, in the order of the text.

    Attributes:
      inputs: Images as (N, height, width, channels), uint8 or float32, read-only where mapped from a file; of a
        text, the token before each as (N,) int32.
      labels: Class of each, or the token itself, as (N,) int32.
    """

    inputs: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> Examples:
        """The examples at the given positions, in that order."""
        return Examples(self.inputs[indices], self.labels[indices])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set, split once and for all.

    Attributes:
      name: What `load` finds it by: its name, or the whole path of a file or folder.
      kind: What an example is.
      train: Examples to learn from; validation examples are taken from these (`nasctl.tasks`).
      test: Examples that no training and no search may see.
      class_names: What the labels 0, 1, … stand for; of a text, its vocabulary.
      validation: Examples to choose by, where the data set comes with them.
    """

    name: str
    kind: InputKind
    train: Examples
    test: Examples
    class_names: tuple[str, ...]
    validation: Examples | None = None

    @property
    def classes(self) -> int:
        """Number of classes, or of different tokens."""
        return len(self.class_names)


class Reader(Protocol):
    """Reads the examples of one split from the downloaded file, as pairs of an image and its label."""

    def __call__(self, split: str, file: Path | None) -> Iterator[tuple[np.ndarray, int]]:
        """Yields the examples of `train` or `test`; `file` is None where nothing is downloaded."""
        ...


@dataclass(frozen=True)
class Download:
    """A published file; TFDS fetches it once and refuses another than this one.

    Attributes:
      url: Where it is published.
      size: In bytes.
      sha256: Its checksum, in hexadecimal.
    """

    url: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """Name of the file in the person's own folder."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class Source:
    """How one data set of images comes about: everything that `nasctl.datasets.builder` needs to prepare it.

    Attributes:
      name: How people ask for it.
      version: Of the prepared files; raise it when `read` changes.
      summary: One line for `nasctl data list`.
      shape: (height, width, channels) of an image, uint8.
      class_names: What the labels stand for.
      splits: Examples in each of `train` and `test`.
      read: Yields the examples of a split.
      download: The file that `read` is given; None for data that comes with a dependency.
      homepage: Where it is described.
      citation: BibTeX.
    """

    name: str
    version: str
    summary: str
    shape: tuple[int, int, int]
    class_names: Sequence[str]
    splits: Mapping[str, int]
    read: Reader
    download: Download | None = None
    homepage: str = ""
    citation: str = ""
