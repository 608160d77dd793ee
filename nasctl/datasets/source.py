"""Where data sets come from: what the user named, and a reader of one kind of names or files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal, cast

from nasctl.config import DataConfig
from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.folder_contents import FolderContents, look_into
from nasctl.datasets.texts.text import Unit
from nasctl.errors import NasctlError

SERIES, DOCUMENTS = "series", "documents"
PREFIXES = ("words", "chars", SERIES, DOCUMENTS)
"""The prefixes of names: what text tokens are, and what a file is read as that may contain several things."""


@dataclass(frozen=True)
class Request:
    """A data set that is to be loaded.

    Attributes:
      name: The name or path of the data set as the user gave it.
      data_dir: The folder of prepared data sets.
      settings: How the examples are read.
      encoding: The encoding of a trained network that is to be measured; None to let the data set choose.
    """

    name: str
    data_dir: Path
    settings: DataConfig
    encoding: Encoding | None

    @property
    def unit(self) -> Unit | None:
        """What a text consists of, if the name has the prefix `words:` or `chars:`."""
        prefix = self.name.partition(":")[0]
        return cast(Literal["words", "chars"], prefix) if prefix in ("words", "chars") else None

    @property
    def prefix(self) -> str:
        """The prefix of the name that says how a file is read, one of `PREFIXES`; empty if there is none."""
        prefix, colon, _ = self.name.partition(":")
        return prefix if colon and prefix in PREFIXES else ""

    @property
    def place(self) -> str:
        """The name without its prefix."""
        return self.name.removeprefix(f"{self.prefix}:") if self.prefix else self.name

    @cached_property
    def path(self) -> Path:
        """The absolute path that the name stands for. It need not exist.

        Raises:
          NasctlError: No file can have this path, or it cannot be accessed.
        """
        path = Path(self.place)
        try:
            path = path.expanduser().absolute()
            path.stat()
        except (FileNotFoundError, NotADirectoryError):
            return path
        # A name that is too long, links in a circle, no permission; no such home; a null character
        except (OSError, RuntimeError, ValueError) as error:
            raise NasctlError(
                f"the data set {self.place} cannot be read: {getattr(error, 'strerror', None) or error}",
                hint="name a data set of nasctl or TFDS, a file or a folder",
            ) from error
        return path

    @cached_property
    def contents(self) -> FolderContents | None:
        """What the folder of this name contains; None if there is no such folder.

        Raises:
          NasctlError: The folder cannot be read.
        """
        return look_into(self.path) if self.path.is_dir() else None


@dataclass(frozen=True)
class Source:
    """A reader of one kind of data sets.

    Attributes:
      what: What it reads, for messages: `an .npz file`. Empty for names.
      matches: Whether a request is for this source. Sources are asked in their order in `sources.SOURCES`.
      load: Loads the data set. Raises `NasctlError` if that is not possible.
    """

    what: str
    matches: Callable[[Request], bool]
    load: Callable[[Request], Dataset]
