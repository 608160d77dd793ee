"""The image files of a data set with their splits and labels, before any of them is read."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from nasctl.datasets.split import SPLIT_SEED, TEST_SHARE, held_out_test, keys_of, stratified_split
from nasctl.datasets.split_names import SPLITS, SplitName
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind

_FEW = 5
"""The number of images from which on a class is not noted as small."""

_LISTED = 3
"""The most files or folders that a note names."""


@dataclass(frozen=True, eq=False)
class ImageList:
    """N image files.

    Attributes:
      root: The folder of the data set.
      names: The names of the files relative to the folder, with `/` between their parts.
      keys: What the split of each file depends on, as in `Examples.keys`: its name within the folder of its class.
      splits: The split of each file; None if the data set does not state it.
      labels: The label of each file, as in `Examples.labels`.
      class_names: The names of the classes, of the labels or of the numbers.
      target: What the labels are.
      notes: What the user should know about how the files were listed.
    """

    root: Path
    names: tuple[str, ...]
    keys: np.ndarray
    splits: tuple[SplitName | None, ...]
    labels: np.ndarray
    class_names: tuple[str, ...]
    target: TargetKind = TargetKind.CLASS
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def take(self, indices: Sequence[int] | np.ndarray) -> ImageList:
        """The files with the given indices, in that order."""
        return replace(
            self,
            names=tuple(self.names[index] for index in indices),
            keys=self.keys[np.asarray(indices, np.int64)],
            splits=tuple(self.splits[index] for index in indices),
            labels=self.labels[np.asarray(indices, np.int64)],
        )

    def parts(self) -> dict[SplitName, slice]:
        """Where the files of each split are, if they are sorted by split."""
        parts: dict[SplitName, slice] = {}
        start = 0
        for split in SPLITS:
            stop = start + self.splits.count(split)
            if stop > start:
                parts[split] = slice(start, stop)
            start = stop
        return parts


def normal(name: str) -> str:
    """A name with composed characters: macOS writes `é` as two characters, other systems as one."""
    return unicodedata.normalize("NFC", name)


def name_keys(names: Iterable[str]) -> np.ndarray:
    """The keys of files by their names, (N,) as uint64."""
    return keys_of(normal(name).encode("utf-8", "surrogateescape") for name in names)


def order_of(name: str) -> tuple[str, ...]:
    """The place of a file name in the order of a data set: folder by folder, whatever the order of the file system."""
    return tuple(normal(name).split("/"))


def listed(names: Sequence[str]) -> str:
    """The first names of many, for a note.

    >>> listed(["a", "b", "c", "d", "e"])
    'a, b, c and 2 more'
    """
    more = len(names) - _LISTED
    return ", ".join(names[:_LISTED]) + (f" and {more:,} more" if more > 0 else "")


def with_splits(images: ImageList, how: str = "stable") -> ImageList:
    """Draws the splits that a data set does not state, and sorts its files by split.

    Without test images, a fifth of the training images is held out. Which ones depends on their names, so that they
    stay when files are added.

    Args:
      images: The files.
      how: `DataConfig.splits`: `random` draws the test images as versions up to 0.1.0 did.
    """
    splits = np.array([split or "train" for split in images.splits])
    notes = list(images.notes)
    if not (splits == "test").any():
        train = np.flatnonzero(splits == "train")
        keys, labels = images.keys[train], images.labels[train]
        if how == "random":
            _, held_out = stratified_split(labels, round(TEST_SHARE * len(train)), seed=SPLIT_SEED)
        else:
            _, held_out = held_out_test(keys, labels)
        splits[train[held_out]] = "test"
        notes.append(
            "there is no test split: about a fifth of the images is held out for it, "
            f"{'at random' if how == 'random' else 'by a hash of their names'}"
        )
    if images.target is TargetKind.CLASS:
        if alike := _alike(images.class_names):
            notes.append(f"classes whose names differ in upper and lower case or in spaces only: {alike}")
        counts = np.bincount(images.labels, minlength=len(images.class_names))
        few = [
            f"`{name}` ({count})"
            for name, count in zip(images.class_names, counts, strict=True)
            if count < _FEW
        ]
        if few:
            notes.append(f"classes of fewer than {_FEW} images: {listed(few)}")
    order = np.argsort([SPLITS.index(split) for split in splits], kind="stable")
    return replace(images, splits=tuple(splits.tolist()), notes=tuple(notes)).take(order)


def _alike(names: Sequence[str]) -> str:
    """The first names that are equal but for their case and the spaces around them; empty if there are none."""
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.strip().casefold(), name)
        if other != name:
            return f"`{other}` and `{name}`"
    return ""


def check_splits(images: ImageList) -> None:
    """Checks that there are test images, and that every class has training images.

    Raises:
      NasctlError: There are none.
    """
    splits = np.array(images.splits)
    few = not {"train", "test"} <= set(images.splits)
    what = str(images.root)
    if images.target is TargetKind.CLASS:
        missing = np.setdiff1d(np.arange(len(images.class_names)), images.labels[splits == "train"])
        if len(missing):
            few = True
            one = f"the class `{images.class_names[missing[0]]}`"
            what = f"{one}{f' and {len(missing) - 1} more' if len(missing) > 1 else ''} of {images.root}"
    if few:
        raise NasctlError(
            f"{what} has too few images to hold out a fifth of them for the test",
            hint="add images, or put test images into folders of their own: train/CLASS and test/CLASS",
        )
