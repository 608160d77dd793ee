"""Takes the splits of a data set from arrays whose roles are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from nasctl.datasets.array_dataset import Split, SplitName
from nasctl.datasets.array_names import Roles
from nasctl.errors import NasctlError


def splits_of(
    place: str, roles: Roles, arrays: Mapping[str, np.ndarray]
) -> tuple[dict[SplitName, Split], Sequence[str] | None, list[str]]:
    """Returns the splits, the names of the classes if there are any, and notes on what is not used.

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
    notes = []
    if roles.unused:
        shown = ", ".join(roles.unused[:8]) + (", …" if len(roles.unused) > 8 else "")
        notes.append(f"{shown} {'is' if len(roles.unused) == 1 else 'are'} not used")
    return splits, names, notes


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
