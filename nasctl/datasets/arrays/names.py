"""Recognises the splits of a data set by the names of its arrays, in the usual spellings."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from nasctl.datasets.split_names import SPELLINGS, SplitName, split_named
from nasctl.errors import NasctlError

_INPUTS = ("images", "image", "x", "imgs", "data", "features", "inputs", "input", "pixels")
_LABELS = ("y", "labels", "label", "targets", "target", "classes", "class")
CLASS_NAMES = ("class_names", "label_names", "classes_names", "target_names", "names")
"""The names of an array with the names of the classes."""


class Roles(NamedTuple):
    """What each array is.

    Attributes:
      splits: The names of the inputs and of the labels of each split; a set without splits is all `train`.
      class_names: The name of the array with the names of the classes, or an empty string.
      unused: The names of the other arrays.
    """

    splits: dict[SplitName, tuple[str, str]]
    class_names: str
    unused: list[str]

    @property
    def wanted(self) -> set[str]:
        """The names of the arrays that are read."""
        return {name for pair in self.splits.values() for name in pair} | ({self.class_names} - {""})


def roles_of(place: str, names: Collection[str]) -> Roles:
    """Recognises arrays by their names: `x_train` and `y_train`, `train_images` and `train_labels`, `X` and `y`, ….

    Args:
      place: The file or folder, for messages.
      names: The names of its arrays.

    Raises:
      NasctlError: No pair of inputs and labels for training is found, or two arrays have the same role.
    """
    inputs: dict[SplitName | None, list[str]] = {}
    labels: dict[SplitName | None, list[str]] = {}
    for name in names:
        for kinds, found in ((_INPUTS, inputs), (_LABELS, labels)):
            matched, split = _split_of(name, kinds)
            if matched:
                found.setdefault(split, []).append(name)
    splits: dict[SplitName, tuple[str, str]] = {}
    for split in ("train", "validation", "test", None):
        if split not in inputs or split not in labels or (split is None and "train" in splits):
            continue
        splits[split or "train"] = _pair(place, inputs[split], labels[split])
    if "train" not in splits:
        raise NasctlError(f"{place} lacks {_lacking(names, inputs, labels)}", hint=_wanted(names))
    used = {name for pair in splits.values() for name in pair}
    titles = next((name for name in CLASS_NAMES if name in names), "")
    return Roles(splits, titles, [name for name in names if name not in used and name != titles])


def _split_of(name: str, kinds: tuple[str, ...]) -> tuple[bool, SplitName | None]:
    """Whether the name of an array is one of some kinds, and the split that it names.

    >>> _split_of("X_train", _INPUTS), _split_of("test_labels", _LABELS), _split_of("y", _LABELS)
    ((True, 'train'), (True, 'test'), (True, None))
    """
    words = _words(name)
    if len(words) not in (1, 2) or not any(word in kinds for word in words):
        return False, None
    others = [word for word in words if word not in kinds]
    if not others:
        return len(words) == 1, None
    split = split_named(others[0])
    return split is not None, split


def _words(name: str) -> list[str]:
    """The parts of a name, in lower case.

    >>> _words("X_train"), _words("Xtrain"), _words("train-images")
    (['x', 'train'], ['x', 'train'], ['train', 'images'])
    """
    words = [word for word in re.split(r"[^a-z0-9]+", name.lower()) if word]
    if len(words) == 1:
        glued = re.fullmatch(rf"(x|y)({'|'.join(SPELLINGS)})|({'|'.join(SPELLINGS)})(x|y)", words[0])
        if glued:
            return [word for word in glued.groups() if word]
    return words


def _pair(place: str, inputs: list[str], labels: list[str]) -> tuple[str, str]:
    return _first(place, inputs, _INPUTS), _first(place, labels, _LABELS)


def _first(place: str, names: list[str], kinds: tuple[str, ...]) -> str:
    """The name that comes first in `kinds`: `images` rather than `data`."""
    rank = {name: min(kinds.index(word) for word in _words(name) if word in kinds) for name in names}
    first, *others = sorted(names, key=lambda name: rank[name])
    if others and rank[others[0]] == rank[first]:
        raise NasctlError(
            f"{place} has both {first} and {others[0]}", hint="rename the one that is not meant"
        )
    return first


def _lacking(
    names: Collection[str],
    inputs: Mapping[SplitName | None, list[str]],
    labels: Mapping[SplitName | None, list[str]],
) -> str:
    """The arrays that are missing: `y_test` in a set that has `x_train`."""
    for split in ("train", None, "test", "validation"):
        if split in inputs and split not in labels:
            return f"the labels of {inputs[split][0]}"
        if split in labels and split not in inputs:
            return f"the images of {labels[split][0]}"
    return "x_train and y_train"


def _wanted(names: Collection[str]) -> str:
    if any(name.startswith("arr_") for name in names):
        return "name the arrays when you write them: numpy.savez(FILE, x_train=…, y_train=…)"
    shown = ", ".join(list(names)[:12]) + (", …" if len(names) > 12 else "")
    return (
        "x_train and y_train are needed, or x and y; x_val, y_val, x_test, y_test and class_names are optional; "
        f"there is {shown or 'no array'}"
    )
