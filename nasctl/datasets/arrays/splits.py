"""Takes the splits of a data set from arrays whose roles are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nasctl.datasets.arrays.names import Roles
from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError


@dataclass(frozen=True, eq=False)
class Split:
    """The examples of a split as they are stored.

    Attributes:
      inputs: The inputs, of any shape and dtype.
      labels: The labels, of any shape and dtype.
      inputs_name: What the inputs are called in the file.
      labels_name: What the labels are called in the file.
    """

    inputs: np.ndarray
    labels: np.ndarray
    inputs_name: str
    labels_name: str


@dataclass(frozen=True, eq=False)
class Splits:
    """The splits of a data set as they are stored.

    Attributes:
      splits: The splits; `train` is always there.
      class_names: The names of the classes, if they are known.
      notes: Notes on what was read.
    """

    splits: Mapping[SplitName, Split]
    class_names: Sequence[str] | None = None
    notes: tuple[str, ...] = ()


def splits_of(place: str, roles: Roles, arrays: Mapping[str, np.ndarray]) -> Splits:
    """Takes the splits from arrays, with the names of the classes and a note on what is not used.

    Args:
      place: The file or folder, for messages.
      roles: What each array is.
      arrays: The arrays by name.

    Raises:
      NasctlError: The names of the classes are no texts.
    """
    splits = {
        split: Split(arrays[inputs], arrays[labels], inputs, labels)
        for split, (inputs, labels) in roles.splits.items()
    }
    names = texts_of(place, roles.class_names, arrays[roles.class_names]) if roles.class_names else None
    notes: tuple[str, ...] = ()
    if roles.unused:
        shown = ", ".join(roles.unused[:8]) + (", …" if len(roles.unused) > 8 else "")
        notes = (f"{shown} {'is' if len(roles.unused) == 1 else 'are'} not used",)
    return Splits(splits, names, notes)


def texts_of(place: str, name: str, array: np.ndarray) -> tuple[str, ...]:
    """The texts of an array.

    Raises:
      NasctlError: It has no texts.
    """
    if array.dtype.kind not in "US":
        raise NasctlError(f"{place}: {name} has the dtype {array.dtype}", hint="names must be strings")
    return tuple(
        text.decode("utf-8", "backslashreplace") if isinstance(text, bytes) else str(text)
        for text in array.ravel().tolist()
    )
