"""What data sets of series and of documents have in common: examples by split, their labels, and the held-out part."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

import numpy as np

from nasctl.datasets.arrays.labels import Labels, read_labels, read_numbers
from nasctl.datasets.dataset import Examples
from nasctl.datasets.split import held_out_test
from nasctl.datasets.split_names import SplitName, split_named
from nasctl.errors import NasctlError
from nasctl.foreign_text import shortened
from nasctl.target_kind import TargetKind

Sequences = TypeVar("Sequences")


@dataclass(frozen=True, eq=False)
class Part(Generic[Sequences]):
    """The examples of a split as they are stored.

    Attributes:
      sequences: A series (steps, features) as float32, or a document, for each example.
      labels: Texts or numbers, (N,), or numbers (N, K).
    """

    sequences: Sequence[Sequences]
    labels: np.ndarray

    def take(self, indices: np.ndarray) -> Part[Sequences]:
        """The examples with the given indices, in that order."""
        return Part([self.sequences[index] for index in indices], self.labels[indices])


Parts = Mapping[SplitName, Part[Sequences]]


def by_split(
    place: str, sequences: Sequence[Sequences], labels: np.ndarray, splits: Sequence[str] | None
) -> dict[SplitName, Part[Sequences]]:
    """The examples by the split that each names; all are for training if there is no such column.

    Raises:
      NasctlError: A split has an unknown name, or there are no training examples.
    """
    if splits is None:
        return {"train": Part(sequences, labels)}
    names = [split_named(word) for word in splits]
    if None in names:
        word = splits[names.index(None)]
        raise NasctlError(
            f"{place}: `{shortened(word, 60)}` in the column split is no split",
            hint="write train, validation or test",
        )
    parts: dict[SplitName, Part[Sequences]] = {}
    for split in ("train", "validation", "test"):
        chosen = [index for index, name in enumerate(names) if name == split]
        if chosen:
            parts[split] = Part([sequences[index] for index in chosen], labels[chosen])
    if "train" not in parts:
        raise NasctlError(f"{place}: no example has the split train")
    return parts


def labels_of(
    place: str,
    parts: Parts[Sequences],
    *,
    label: str,
    numbers: Sequence[str] = (),
    class_names: Sequence[str] | None = None,
) -> Labels:
    """The labels of all splits.

    Args:
      place: The file or folder, for messages.
      parts: The examples by split.
      label: What the labels are called in the file.
      numbers: The names of the numbers, if the labels are numbers to predict. Otherwise `read_labels` decides.
      class_names: The names of the classes, if they are known.

    Raises:
      NasctlError: The labels cannot be used.
    """
    first: Iterable[SplitName] = ("train", *(split for split in parts if split != "train"))
    named = {split: (label, parts[split].labels) for split in first}
    if not numbers:
        return read_labels(place, named, class_names)
    for _, array in named.values():
        missing = ~np.isfinite(array.reshape(len(array), -1)).all(1)
        if missing.any():
            raise NasctlError(
                f"{place}: {label} is not a finite number for {missing.sum():,} examples",
                hint="leave examples without a label out",
            )
    return Labels(TargetKind.NUMBERS, read_numbers(place, named), tuple(numbers))


def with_test(
    place: str,
    parts: Parts[Sequences],
    labels: Labels,
    key: Callable[[Sequence[Sequences]], np.ndarray],
) -> tuple[dict[SplitName, Part[Sequences]], list[str]]:
    """The parts with their labels as `Examples` have them. Without a test split, a fifth is held out by a hash.

    Args:
      place: The file or folder, for messages.
      parts: The examples by split.
      labels: Their labels.
      key: Hashes the content of sequences (`split.keys_of`).

    Returns:
      The parts, and notes for the user.

    Raises:
      NasctlError: There are too few different examples to hold some out.
    """
    labelled = {split: Part(part.sequences, labels.values[split]) for split, part in parts.items()}
    if "test" in labelled:
        return labelled, []
    whole = labelled["train"]
    classes = whole.labels if labels.target is TargetKind.CLASS else None
    kept, held_out = held_out_test(key(whole.sequences), classes)
    if not (len(kept) and len(held_out)):
        raise NasctlError(
            f"{place} has {len(whole.labels):,} examples, too few different ones to hold some out for the test",
            hint="add examples, or add a test split",
        )
    labelled |= {"train": whole.take(kept), "test": whole.take(held_out)}
    return labelled, [
        f"{len(held_out):,} of {len(whole.labels):,} examples are held out for the test, by a hash of their content"
    ]


def examples_of(
    parts: Parts[Sequences],
    encode: Callable[[Sequence[Sequences]], np.ndarray],
    key: Callable[[Sequence[Sequences]], np.ndarray],
) -> dict[SplitName, Examples]:
    """The examples of each split as arrays.

    Args:
      parts: The examples by split.
      encode: Makes the array of inputs of sequences.
      key: Hashes the content of sequences (`split.keys_of`).
    """
    return {
        split: Examples(encode(part.sequences), part.labels, key(part.sequences))
        for split, part in parts.items()
    }


def length_of(lengths: Sequence[int], share: float, most: int) -> int:
    """The length to which sequences are padded: that which a share of them does not exceed, and at most `most`.

    >>> length_of([3, 5, 9, 100], 0.75, 50)
    9
    """
    ordered = sorted(lengths)
    return max(1, min(most, ordered[max(0, int(np.ceil(share * len(ordered))) - 1)]))
