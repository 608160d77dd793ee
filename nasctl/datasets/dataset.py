"""Data sets as arrays, and the specification of a data set that nasctl can prepare."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from nasctl.datasets.image_format import ImageFormat
from nasctl.datasets.rows import Rows, take_rows
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind


@dataclass(frozen=True, eq=False)
class Examples:
    """N examples: labelled images, or the text tokens of a text in their order.

    Attributes:
      inputs: Images (N, height, width, channels) as uint8 or float32, which may be a read-only memory map or
        `Rows` of one; or for each
        text token the one before it, (N,) as int32; or series (N, steps, features) as float32; or documents
        (N, steps) of text tokens as int32.
      labels: By the data set's target: the class of each example, (N,) as int32; whether each label applies, (N, K) as
        uint8; numbers, (N, K) as float32; or the text token itself, (N,) as int32.
      keys: What identifies each example (`nasctl.datasets.split.keys_of`), (N,) as uint64, if the part that is held out
        for validation shall not change when examples are added. None for data sets that never change.
    """

    inputs: np.ndarray | Rows
    labels: np.ndarray
    keys: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray) -> Examples:
        """Returns the examples with the given indices, in that order. Those of a memory map are not read."""
        keys = None if self.keys is None else self.keys[indices]
        return Examples(take_rows(self.inputs, indices), self.labels[indices], keys)


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set with a fixed split.

    Attributes:
      name: The name or absolute path with which `load` finds the data set.
      kind: Whether the examples are images or the tokens of a text.
      train: The training examples. If `validation` is None, the task holds out a part of them (`nasctl.tasks`).
      test: The test examples, which neither training nor search may use.
      class_names: The names of the classes 0, 1, …, of the labels or of the numbers; the vocabulary of a text.
      validation: The validation examples, if the data set has a split of its own for them.
      target: What the labels are.
      image: How image files became the images; None if they were arrays.
      notes: What the user should know about how the data set was read: one sentence each, without a full stop.
      digest: The digest of the content, if it was computed when the data set was prepared; else empty.
      vocabulary: The text tokens 0, 1, … of documents; empty for other examples.
    """

    name: str
    kind: InputKind
    train: Examples
    test: Examples
    class_names: tuple[str, ...]
    validation: Examples | None = None
    target: TargetKind = TargetKind.CLASS
    image: ImageFormat | None = None
    notes: tuple[str, ...] = ()
    digest: str = ""
    vocabulary: tuple[str, ...] = ()

    @property
    def classes(self) -> int:
        """The number of classes, labels or numbers, or the size of the vocabulary."""
        return len(self.class_names)


@runtime_checkable
class Reader(Protocol):
    """A function that reads the examples of a split from the downloaded file."""

    def __call__(self, split: str, file: Path | None) -> Iterator[tuple[np.ndarray, int]]:
        """Yields pairs of an image and its label.

        Args:
          split: `train` or `test`.
          file: The downloaded file; None for data sets without a download.
        """
        ...


@dataclass(frozen=True)
class Download:
    """A published file. TFDS downloads it once and verifies its checksum.

    Attributes:
      url: The URL of the file.
      size: Its size in bytes.
      sha256: Its SHA-256 checksum in hexadecimal.
    """

    url: str
    size: int
    sha256: str

    @property
    def filename(self) -> str:
        """The name of the file in the data folder, if the user downloaded it."""
        return self.url.rpartition("/")[2]


@dataclass(frozen=True)
class DatasetSpec:
    """The specification of an image data set: everything that is needed to prepare it.

    Attributes:
      name: The name with which `load` finds the data set.
      version: The version of the prepared files. Increase it when the output of `read` changes.
      summary: A one-line description.
      shape: (height, width, channels) of an image, whose dtype is uint8.
      class_names: The names of the classes 0, 1, ….
      splits: The number of examples of `train` and of `test`.
      read: Yields the examples of a split.
      download: The file that `read` receives; None for data that comes with a dependency.
      homepage: The URL of a description.
      citation: A BibTeX entry.
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
