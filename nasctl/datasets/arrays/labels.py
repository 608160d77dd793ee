"""Recognises what the labels of arrays are: classes, several labels, or numbers, in whatever form they are stored.

Letters: N examples, K classes, labels or numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError
from nasctl.foreign_text import shortened
from nasctl.target_kind import TargetKind

_MANY = 20
"""Up to this number, different whole numbers are always classes."""

_LARGEST_LOSS = 0.01
"""The largest rounding error of numbers in float32, relative to their standard deviation."""

_SUGGESTION = "labels are classes (N,), zeros and ones (N, K), or numbers (N,) or (N, K)"


@dataclass(frozen=True)
class Labels:
    """The labels of all splits.

    Attributes:
      target: What they are.
      values: The labels of each split, as `Examples.labels` has them.
      names: The names of the classes, labels or numbers.
      notes: What was recognised, where it may not be what the user meant.
    """

    target: TargetKind
    values: Mapping[SplitName, np.ndarray]
    names: tuple[str, ...]
    notes: tuple[str, ...] = ()


def read_labels(
    place: str, arrays: Mapping[SplitName, tuple[str, np.ndarray]], class_names: Sequence[str] | None = None
) -> Labels:
    """Recognises what labels are, and brings them to the form of `Examples.labels`.

    Whole numbers and texts are classes, numbered in the order of their values. Rows with exactly one 1 are classes too,
    other rows of zeros and ones several labels. Numbers with a fraction are numbers to predict.

    Args:
      place: The file, for messages.
      arrays: For each split, `train` first, the name of its labels and the labels, of any shape and dtype.
      class_names: The names of the classes, labels or numbers, if they are known.

    Raises:
      NasctlError: The labels of a split cannot be used, or do not fit those of the training split.
    """
    columns = {split: (name, _column(place, name, array)) for split, (name, array) in arrays.items()}
    first, train = columns["train"]
    for name, array in columns.values():
        if array.shape[1:] != train.shape[1:]:
            raise NasctlError(
                f"{place}: {first} has the shape {train.shape}, but {name} has {array.shape}",
                hint="give the labels of all splits the same form",
            )
        if (array.dtype.kind == "U") != (train.dtype.kind == "U"):
            raise NasctlError(
                f"{place}: {first} has the dtype {train.dtype}, but {name} has {array.dtype}",
                hint="give the labels of all splits the same form",
            )
    if train.ndim == 1:
        return _of_column(place, columns, class_names)
    return _of_rows(place, columns, class_names)


def _column(place: str, name: str, array: np.ndarray) -> np.ndarray:
    """Labels as (N,) or (N, K), as texts or numbers."""
    array = np.asarray(array)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim not in (1, 2) or 0 in array.shape[1:]:
        raise NasctlError(
            f"{place}: {name} has the shape {array.shape}",
            hint="a label for each pixel cannot be predicted; " + _SUGGESTION
            if array.ndim > 2
            else _SUGGESTION,
        )
    if array.dtype.kind == "S":
        array = np.array([text.decode("utf-8", "backslashreplace") for text in array.ravel().tolist()], "U")
    if array.dtype.kind == "U":
        if array.ndim != 1:
            raise NasctlError(
                f"{place}: {name} has texts of the shape {array.shape}", hint="give each example one text"
            )
        empty = np.flatnonzero(np.char.str_len(np.char.strip(array)) == 0)
        if len(empty):
            raise NasctlError(
                f"{place}: {name}[{empty[0]}] is empty, and {len(empty):,} of {len(array):,} labels are",
                hint="leave examples without a label out, or name their class",
            )
        return array
    if array.dtype.kind not in "biuf":
        raise NasctlError(f"{place}: {name} has the dtype {array.dtype}", hint=_SUGGESTION)
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = np.argwhere(~np.isfinite(array))
        raise NasctlError(
            f"{place}: {name} has {len(bad):,} values that are NaN or infinite, the first of example {bad[0][0]}",
            hint="leave examples without a label out",
        )
    return array


def _of_column(
    place: str, columns: Mapping[SplitName, tuple[str, np.ndarray]], class_names: Sequence[str] | None
) -> Labels:
    first, train = columns["train"]
    notes: list[str] = []
    arrays = [array for _, array in columns.values()]
    if train.dtype.kind != "U" and not all(_is_whole(array) for array in arrays):
        notes.append(
            f"{first} has numbers with a fraction: they are predicted as numbers, and not as classes"
        )
        return _numbers(place, columns, class_names, notes)
    else:
        different = len(np.unique(train))
        if different > _MANY and 2 * different > len(train):
            notes.append(
                f"{first} has {different:,} different values in {len(train):,} examples: they are predicted as "
                "numbers, and not as classes"
            )
            return _numbers(place, columns, class_names, notes)
        if any(array.dtype.kind == "f" for array in arrays):
            notes.append(f"the whole numbers of {first}, stored as {train.dtype}, are classes")
    return _classes(place, columns, class_names, notes)


def _of_rows(
    place: str, columns: Mapping[SplitName, tuple[str, np.ndarray]], class_names: Sequence[str] | None
) -> Labels:
    first, train = columns["train"]
    columns, mark = _as_zeros_and_ones(columns)
    arrays = [array for _, array in columns.values()]
    if all(((array == 0) | (array == 1)).all() for array in arrays):
        if all((array.sum(1, dtype=np.int64) == 1).all() for array in arrays):
            note = f"each row of {first} has one {mark}: its column is the class"
            classes = {split: (name, array.argmax(1)) for split, (name, array) in columns.items()}
            return _classes(place, classes, class_names, [note])
        several = (
            f"the rows of {first} have any number of {'ones' if mark == '1' else mark}: each column is a label that "
            "applies or does not"
        )
        names = _names(place, first, train.shape[1], class_names)
        values = {split: array.astype(np.uint8) for split, (_, array) in columns.items()}
        return Labels(TargetKind.LABELS, values, names, (several,))
    if (
        not _is_whole(train)
        and (train >= 0).all()
        and np.allclose(train.sum(1, dtype=np.float64), 1, atol=1e-3)
    ):
        raise NasctlError(
            f"{place}: the rows of {first} are probabilities of {train.shape[1]} classes",
            hint=f"give each example its most probable class: {first}.argmax(1)",
        )
    note = f"the {train.shape[1]} columns of {first} are predicted as numbers"
    return _numbers(place, columns, class_names, [note])


def _as_zeros_and_ones(
    columns: Mapping[SplitName, tuple[str, np.ndarray]],
) -> tuple[Mapping[SplitName, tuple[str, np.ndarray]], str]:
    """Rows of -1 and 1, or of 0 and 255, as rows of 0 and 1, and what meant 1. Other rows stay as they are."""
    for low, high in ((-1, 1), (0, 255)):
        if all(((array == low) | (array == high)).all() for _, array in columns.values()):
            ones = {
                split: (name, (array == high).astype(np.uint8)) for split, (name, array) in columns.items()
            }
            return ones, str(high)
    return columns, "1"


def _classes(
    place: str,
    columns: Mapping[SplitName, tuple[str, np.ndarray]],
    class_names: Sequence[str] | None,
    notes: list[str],
) -> Labels:
    """Numbers the values of the training split in ascending order."""
    first, train = columns["train"]
    values = np.unique(train)
    if len(values) < 2:
        raise NasctlError(
            f"{place}: {first} has only one class{f', `{_shown(values[0])}`' if len(values) else ''}",
            hint="a classifier needs at least two",
        )
    numbers = {}
    for split, (name, array) in columns.items():
        numbers[split] = np.minimum(np.searchsorted(values, array), len(values) - 1).astype(np.int32)
        unknown = array[values[numbers[split]] != array]
        if len(unknown):
            raise NasctlError(
                f"{place}: {name} has the label {_shown(unknown[0])}, which {first} does not have",
                hint="every class needs training examples",
            )
    known = tuple(_shown(value) for value in values)
    consecutive = values.dtype.kind == "U" or np.array_equal(values, np.arange(len(values)))
    if class_names is not None:
        names, renamed = _given_names(place, first, values, class_names)
        notes += renamed
    else:
        names = known
        if not consecutive and values.dtype.kind != "b":
            listed = ", ".join(known) if len(known) <= 6 else f"{', '.join(known[:3])}, … {known[-1]}"
            notes.append(f"{first} has the labels {listed}: the classes have these names")
    return Labels(TargetKind.CLASS, numbers, names, tuple(notes))


def _given_names(
    place: str, first: str, values: np.ndarray, class_names: Sequence[str]
) -> tuple[tuple[str, ...], list[str]]:
    """The names of the classes that have examples, by number, or by position if the numbers have gaps."""
    _check_names(place, class_names)
    names, count = tuple(class_names), len(values)
    if values.dtype.kind == "U":
        unnamed = [value for value in values.tolist() if value not in names]
        if unnamed:
            raise NasctlError(
                f"{place}: {first} has the class `{shortened(unnamed[0], 60)}`, which class_names does not have",
                hint="leave class_names out: the labels are names",
            )
        return tuple(values.tolist()), []
    if len(names) == count and np.array_equal(values, np.arange(count)):
        return names, []
    if len(names) > count and values[0] >= 0 and values[-1] < len(names):
        absent = sorted(set(range(len(names))) - {int(value) for value in values})
        listed = ", ".join(f"`{shortened(names[index], 60)}`" for index in absent[:5])
        return tuple(names[int(value)] for value in values), [f"{first} has no examples of {listed}"]
    if len(names) == count:
        return names, [
            f"the {count} names of class_names are those of the labels {_shown(values[0])} to "
            f"{_shown(values[-1])} of {first}, in their order"
        ]
    raise NasctlError(f"{place}: class_names has {len(names)} names, but {first} has {count} classes")


def _numbers(
    place: str,
    columns: Mapping[SplitName, tuple[str, np.ndarray]],
    class_names: Sequence[str] | None,
    notes: list[str],
) -> Labels:
    first, train = columns["train"]
    width = train.reshape(len(train), -1).shape[1]
    names = _names(place, first, width, class_names)
    return Labels(TargetKind.NUMBERS, read_numbers(place, columns), names, tuple(notes))


def read_numbers(
    place: str, columns: Mapping[SplitName, tuple[str, np.ndarray]]
) -> dict[SplitName, np.ndarray]:
    """Numbers to predict as (N, K) float32.

    Args:
      place: The file, for messages.
      columns: For each split, the name of its labels and the labels, (N,) or (N, K), without NaN.

    Raises:
      NasctlError: Numbers are too large for float32, all equal, or so large that float32 loses their differences.
    """
    values: dict[SplitName, np.ndarray] = {}
    for split, (name, array) in columns.items():
        with np.errstate(over="ignore"):
            values[split] = array.reshape(len(array), -1).astype(np.float32)
        if not np.isfinite(values[split]).all():
            raise NasctlError(
                f"{place}: {name} has values that are too large for float32",
                hint="divide them by a constant, or store their logarithm",
            )
    first, train = columns["train"]
    exact = train.reshape(len(train), -1).astype(np.float64)
    if len(exact) and (exact == exact[0]).all():
        raise NasctlError(f"{place}: all values of {first} are equal", hint="there is nothing to predict")
    lost = np.abs(exact - values["train"]).max(0, initial=0.0) > _LARGEST_LOSS * exact.std(0)
    if lost.any():
        column = f"column {lost.argmax()} of {first}" if len(lost) > 1 else first
        raise NasctlError(
            f"{place}: the differences between the values of {column} are lost in float32",
            hint=f"subtract {first}.mean(0), and divide by {first}.std(0)",
        )
    return values


def _names(place: str, first: str, count: int, class_names: Sequence[str] | None) -> tuple[str, ...]:
    if class_names is None:
        return ("y",) if count == 1 else tuple(str(index) for index in range(count))
    _check_names(place, class_names)
    if len(class_names) != count:
        raise NasctlError(
            f"{place}: class_names has {len(class_names)} names, but {first} has {count} columns"
        )
    return tuple(class_names)


def _check_names(place: str, names: Sequence[str]) -> None:
    repeated = next((name for name, count in Counter(names).items() if count > 1), None)
    if repeated is not None:
        raise NasctlError(
            f"{place}: class_names has {shortened(repeated, 60)} twice", hint="give each class its own name"
        )


def _is_whole(array: np.ndarray) -> bool:
    return array.dtype.kind in "biu" or bool((array == np.floor(array)).all())


def _shown(value: np.generic) -> str:
    """The name of a class by its value.

    >>> _shown(np.float32(3)), _shown(np.int8(-1)), _shown(np.str_("cat"))
    ('3', '-1', 'cat')
    """
    return str(int(value)) if value.dtype.kind == "f" else str(value)
