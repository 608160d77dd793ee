"""Reads a text from a folder with a file for each split, or from a single file."""

from __future__ import annotations

from pathlib import Path

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.reading import reading, require_file
from nasctl.datasets.split_names import SPLITS, SplitName
from nasctl.datasets.texts.text import Lines, Unit, Vocabulary, split_lines, text_dataset
from nasctl.errors import NasctlError

_NAMES = {"train": ("train",), "validation": ("valid", "validation"), "test": ("test",)}


def load_text_files(path: Path, unit: Unit, vocabulary: Vocabulary | None = None) -> Dataset:
    """Reads `FOLDER/train.txt`, `FOLDER/valid.txt` and `FOLDER/test.txt`, or a single file.

    A prefix before these names is allowed, as in `ptb.train.txt`. A single file is split by `split_lines`. Files are in
    UTF-8.

    Args:
      path: The folder or file.
      unit: Whether text tokens are words or characters.
      vocabulary: The vocabulary; by default that of the training text.

    Raises:
      NasctlError: A file does not exist, cannot be read, or has no text.
    """
    whole = not path.is_dir()
    lines = split_lines(_read(path)) if whole else {split: _read(_file(path, split)) for split in SPLITS}
    name = str(path) if unit == "words" else f"{unit}:{path}"
    return text_dataset(name, lines, unit, vocabulary)


def is_text_folder(path: Path) -> bool:
    """Whether a path is a folder with a training text."""
    return path.is_dir() and bool(_candidates(path, "train"))


def _file(folder: Path, split: SplitName) -> Path:
    files = _candidates(folder, split)
    if not files:
        raise NasctlError(
            f"{folder} has no {_NAMES[split][0]}.txt",
            hint="add train.txt, valid.txt and test.txt, or name a single file, which nasctl splits",
        )
    if len(files) > 1:
        raise NasctlError(
            f"{folder} has both {files[0].name} and {files[1].name}",
            hint="put each text into a folder of its own",
        )
    return files[0]


def _candidates(folder: Path, split: SplitName) -> list[Path]:
    """Lists the file `train.txt`; if it does not exist, the files whose names end in `.train.txt`."""
    plain = [folder / f"{name}.txt" for name in _NAMES[split] if (folder / f"{name}.txt").is_file()]
    return plain or sorted(path for name in _NAMES[split] for path in folder.glob(f"*.{name}.txt"))


def _read(path: Path) -> Lines:
    """Reads the lines of a file that are not empty."""
    require_file(path)
    try:
        with reading(path, "a text"):
            text = path.read_text(encoding="utf-8")
    except NasctlError as error:
        if isinstance(undecodable := error.__cause__, UnicodeDecodeError):
            start = undecodable.start
            raise NasctlError(
                f"{path} is not UTF-8: byte {start} is {undecodable.object[start]:#04x}",
                hint="convert it, for example with iconv -t UTF-8",
            ) from undecodable
        raise
    if "\0" in text:
        raise NasctlError(
            f"{path} is not a text: it contains a null character", hint="name a text file in UTF-8"
        )
    return [line for line in text.split("\n") if line.strip()]
