"""Lists the data sets that can be named, with where their files are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nasctl.datasets.arrays.idx_names import NAMES, folder_of_idx
from nasctl.datasets.catalogue import describe, names
from nasctl.datasets.data_folder import default_data_dir


@dataclass(frozen=True)
class KnownName:
    """A data set that has a name.

    Attributes:
      name: The name with which `load` finds it.
      summary: A one-line description.
      shape: (height, width, channels) of an image, or (time steps,) of a text; empty if it is not known yet.
      classes: The number of classes, or the size of the vocabulary; 0 if it is not known yet.
      train: The number of training examples; 0 if it is not known yet.
      test: The number of test examples; 0 if it is not known yet.
      prepared: Whether it can be loaded as it is, without a download.
      folder: The folder of its files; None if it has none yet.
    """

    name: str
    summary: str
    shape: tuple[int, ...]
    classes: int
    train: int
    test: int
    prepared: bool
    folder: Path | None


def known_names(data_dir: Path | None = None) -> list[KnownName]:
    """Lists the data sets that come with nasctl, those found as idx files, and those that TFDS prepared.

    Args:
      data_dir: The folder of prepared data sets; `default_data_dir()` by default.
    """
    data_dir = data_dir or default_data_dir()
    listed = []
    for name in names():
        about = describe(name, data_dir)
        folder = about.folder if about.prepared else None
        listed.append(
            KnownName(
                name,
                about.summary,
                about.shape,
                about.classes,
                about.train,
                about.test,
                about.prepared,
                folder,
            )
        )
    prepared = _prepared_by_tfds(data_dir)
    for name, summary in NAMES.items():
        folder = folder_of_idx(name, data_dir) or prepared.pop(name, None)
        listed.append(
            KnownName(name, f"{summary}; idx files", (28, 28, 1), 0, 0, 0, folder is not None, folder)
        )
    for name, folder in prepared.items():
        if name not in names():
            listed.append(KnownName(name, "prepared by TFDS", (), 0, 0, 0, True, folder))
    return listed


def _prepared_by_tfds(data_dir: Path) -> dict[str, Path]:
    """The folders of data sets that TFDS prepared, by their names."""
    try:
        folders = sorted(data_dir.iterdir())
    except OSError:
        return {}
    return {
        folder.name: folder
        for folder in folders
        if not folder.name.startswith(".") and any(folder.glob("*/dataset_info.json"))
    }
