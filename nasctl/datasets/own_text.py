"""Text that the person has: a folder with a file for each split, or one file."""

from __future__ import annotations

from pathlib import Path

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.text import SPLITS, Lines, TextSplit, Unit, split_lines, text_dataset
from nasctl.errors import NasctlError

_NAMES = {"train": ("train",), "validation": ("valid", "validation"), "test": ("test",)}


def load_text(path: Path, unit: Unit) -> Dataset:
    """Reads `FOLDER/train.txt`, `valid.txt` and `test.txt`, or one file, of which parts are held out.

    Before these names there may be another, as in Mikolov's `ptb.train.txt`. Files are UTF-8.

    Raises:
      NasctlError: A file is not there, cannot be read, or holds no text.
    """
    whole = not path.is_dir()
    lines = split_lines(_read(path)) if whole else {split: _read(_file(path, split)) for split in SPLITS}
    name = str(path) if unit == "words" else f"{unit}:{path}"
    return text_dataset(name, lines, unit)


def is_text_folder(path: Path) -> bool:
    """Whether a folder holds text to learn from."""
    return path.is_dir() and bool(_candidates(path, "train"))


def _file(folder: Path, split: TextSplit) -> Path:
    found = _candidates(folder, split)
    if not found:
        raise NasctlError(
            f"{folder} has no {_NAMES[split][0]}.txt",
            hint="a folder of text has train.txt, valid.txt and test.txt; a single file is split in three",
        )
    if len(found) > 1:
        raise NasctlError(
            f"{folder} has both {found[0].name} and {found[1].name}",
            hint="put each text into a folder of its own",
        )
    return found[0]


def _candidates(folder: Path, split: TextSplit) -> list[Path]:
    """`train.txt` itself, or else what ends in `.train.txt`."""
    plain = [folder / f"{name}.txt" for name in _NAMES[split] if (folder / f"{name}.txt").is_file()]
    return plain or sorted(path for name in _NAMES[split] for path in folder.glob(f"*.{name}.txt"))


def _read(path: Path) -> Lines:
    """The lines that are not empty."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise NasctlError(f"there is no file {path}") from error
    except UnicodeDecodeError as error:
        raise NasctlError(
            f"{path} is no text in UTF-8: byte {error.start} is {error.object[error.start]:#04x}",
            hint="convert it, such as with iconv -t UTF-8",
        ) from error
    except OSError as error:
        raise NasctlError(f"{path} cannot be read: {error.strerror or error}") from error
    return [line for line in text.split("\n") if line.strip()]
