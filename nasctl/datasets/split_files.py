"""Finds the files of the splits of a data set by their names, such as `GunPoint_TRAIN.ts` and `GunPoint_TEST.ts`."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from nasctl.datasets.reading import reading
from nasctl.datasets.split_names import SplitName, split_named
from nasctl.errors import NasctlError

_NAME = re.compile(r"(?P<stem>.*?)(?:^|[_.-])(?P<split>[A-Za-z]+)$")


def split_files(path: Path, suffixes: Collection[str]) -> dict[SplitName, Path]:
    """The file of each split.

    A file whose name ends in a split, such as `_TRAIN`, is read with the files that differ from it only in this word.
    Of a folder, such files are read; if they are of several data sets, those with the name of the folder.

    Args:
      path: A file or a folder.
      suffixes: The endings of files that can be read, in lower case, the preferred ones first.

    Returns:
      The files. A single file that names no split is that of `train`.

    Raises:
      NasctlError: A folder has no such files, or those of several data sets.
    """
    if not path.is_dir():
        stem, split = _parse(path)
        if split is None:
            return {"train": path}
        return _groups(path.parent, {path.suffix.lower()}).get(stem, {split: path})
    for suffix in suffixes:
        groups = {stem: files for stem, files in _groups(path, {suffix}).items() if "train" in files}
        if len(groups) > 1:
            groups = {stem: files for stem, files in groups.items() if stem == path.name} or groups
        if len(groups) > 1:
            raise NasctlError(
                f"{path} has the files of several data sets: {', '.join(sorted(groups)[:5])}",
                hint=f"name one of the files, such as {next(iter(groups.values()))['train']}",
            )
        if groups:
            return next(iter(groups.values()))
    raise NasctlError(
        f"{path} has no file such as NAME_TRAIN{next(iter(suffixes))}",
        hint=f"files of the kinds {', '.join(suffixes)} are read, one for each split; or name a single file",
    )


def has_split_files(names: Collection[str], suffixes: Collection[str]) -> bool:
    """Whether names of files include one for training with one of the endings."""
    return any(_parse(Path(name))[1] == "train" for name in names if Path(name).suffix.lower() in suffixes)


def _groups(folder: Path, suffixes: Collection[str]) -> dict[str, dict[SplitName, Path]]:
    """The files by the part of their names before the split, and by split."""
    with reading(folder, "a folder"):
        files = sorted(file for file in folder.iterdir() if file.suffix.lower() in suffixes)
    groups: dict[str, dict[SplitName, Path]] = {}
    for file in files:
        stem, split = _parse(file)
        if split is not None:
            groups.setdefault(stem, {}).setdefault(split, file)
    return groups


def _parse(file: Path) -> tuple[str, SplitName | None]:
    """The part of a file's name before the split, and the split.

    >>> _parse(Path("GunPoint_TRAIN.ts")), _parse(Path("train.csv")), _parse(Path("book.txt"))
    (('GunPoint', 'train'), ('', 'train'), ('book', None))
    """
    found = _NAME.fullmatch(file.stem)
    split = split_named(found["split"]) if found else None
    return (found["stem"], split) if found and split else (file.stem, None)
