"""Finds the files of MNIST and of the data sets that took its format by the name of the data set."""

from __future__ import annotations

from pathlib import Path

from nasctl.datasets.folder_contents import IDX_FILE

NAMES = {
    "mnist": "handwritten digits",
    "fashion_mnist": "articles of clothing; Debian's package dataset-fashion-mnist",
    "kmnist": "cursive Japanese characters",
    "emnist": "handwritten letters and digits, in parts such as emnist/letters",
}
"""Names that are found as idx files, and a summary of each."""

_TORCHVISION = {"mnist": "MNIST", "fashion_mnist": "FashionMNIST", "kmnist": "KMNIST", "emnist": "EMNIST"}
_INSTALLED = Path("/usr/share/datasets")
"""Where the packages of Debian put data sets."""


def is_idx_name(name: str) -> bool:
    """Whether a name is one of `NAMES`, or a part of one: `emnist/letters`, `emnist_letters`."""
    return _base(name) in NAMES


def folder_of_idx(name: str, data_dir: Path) -> Path | None:
    """The folder with the idx files of a data set, or None.

    It is looked for in the data folder, in the folder of its name below, as torchvision writes it, and where packages
    of Debian install it. Files that TFDS prepared under this name come first, as data sets were found before.

    Args:
      name: The name of the data set.
      data_dir: The folder of prepared data sets.
    """
    base = _base(name)
    if base not in NAMES or any((data_dir / name).glob("*/dataset_info.json")):
        return None
    folders = (
        data_dir,
        data_dir / base,
        data_dir / base.replace("_", "-"),
        data_dir / _TORCHVISION[base] / "raw",
        _INSTALLED / base.replace("_", "-"),
    )
    return next((folder for folder in folders if _has_idx(folder)), None)


def _base(name: str) -> str:
    base = name.replace("-", "_").partition("/")[0]
    return "emnist" if base.startswith("emnist_") else base


def _has_idx(folder: Path) -> bool:
    try:
        return any(IDX_FILE.match(path.name) for path in folder.iterdir())
    except OSError:
        return False
