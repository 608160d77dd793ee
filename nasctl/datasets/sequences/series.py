"""Makes a data set of series, whatever file they come from.

Series of different lengths are padded in front with NaN, which the op `mask` of the network reads as padding.

Letters: N series, T steps, F features.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.reading import require_memory
from nasctl.datasets.sequences.parts import Part, Parts, examples_of, labels_of, with_test
from nasctl.datasets.split import keys_of
from nasctl.datasets.split_names import SplitName
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind


def series_dataset(
    name: str,
    parts: Parts[np.ndarray],
    *,
    label: str = "the label",
    numbers: Sequence[str] = (),
    class_names: Sequence[str] | None = None,
    encoding: Encoding | None = None,
    notes: Sequence[str] = (),
) -> Dataset:
    """A data set of series.

    Missing values are interpolated. Series get the length of the longest training series: shorter ones are padded,
    longer ones lose their first steps.

    Args:
      name: The name with which `load` finds the data set.
      parts: The series by split, each (steps, F) as float32, NaN where a value is missing.
      label: What the labels are called in the file.
      numbers: The names of the numbers to predict; empty to let the labels decide.
      class_names: The names of the classes, if they are known.
      encoding: The encoding of a trained network that is to be measured, whose length the series get.
      notes: Notes on what was read.

    Raises:
      NasctlError: The series have different features, or one of them has no values, or the labels cannot be used.
    """
    for part in parts.values():
        if len(part.sequences) != len(part.labels):
            raise NasctlError(
                f"{name} has {len(part.sequences):,} series, but {len(part.labels):,} labels",
                hint="each series needs one label",
            )
    features = _features(name, parts)
    if encoding is not None and len(encoding.mean) != features:
        raise NasctlError(
            f"the series of {name} have {features:,} features, but the network reads {len(encoding.mean):,}"
        )
    filled, gaps = _without_gaps(name, parts)
    labels = labels_of(name, filled, label=label, numbers=numbers, class_names=class_names)
    labelled, held_out = with_test(name, filled, labels, _keys)
    steps = max(map(len, labelled["train"].sequences)) if encoding is None else encoding.steps
    require_memory(Path(name), 4 * steps * features * sum(len(part.sequences) for part in labelled.values()))
    examples = examples_of(labelled, lambda series: padded(series, steps, features), _keys)
    lengths = [len(one) for part in filled.values() for one in part.sequences]
    return Dataset(
        name,
        InputKind.SERIES,
        examples["train"],
        examples["test"],
        labels.names,
        examples.get("validation"),
        labels.target,
        notes=(*notes, *gaps, *_on_lengths(lengths, steps), *labels.notes, *held_out),
    )


def _keys(series: Sequence[np.ndarray]) -> np.ndarray:
    return keys_of(one.tobytes() for one in series)


def padded(series: Sequence[np.ndarray], steps: int, features: int) -> np.ndarray:
    """Series as one array (N, steps, F): shorter ones with NaN in front, of longer ones the last steps.

    >>> padded([np.ones((1, 1), np.float32)], 2, 1).tolist()
    [[[nan], [1.0]]]
    """
    array = np.full((len(series), steps, features), np.nan, np.float32)
    for row, one in zip(array, series, strict=True):
        kept = one[-steps:]
        row[steps - len(kept) :] = kept
    return array


def without_padding(series: np.ndarray) -> np.ndarray:
    """A series without the steps at its ends that have no values: the padding of files that store equal lengths."""
    present = np.flatnonzero(~np.isnan(series).all(1))
    return series[present[0] : present[-1] + 1] if len(present) else series[:0]


def _features(name: str, parts: Parts[np.ndarray]) -> int:
    first = next(iter(parts["train"].sequences), None)
    if first is None:
        raise NasctlError(f"{name} has no training series")
    for split, part in parts.items():
        for number, one in enumerate(part.sequences, start=1):
            if one.shape[1] != first.shape[1]:
                raise NasctlError(
                    f"{name}: series {number:,} of the {split} split has {one.shape[1]:,} features, but the first "
                    f"training series has {first.shape[1]:,}",
                    hint="all series need the same features",
                )
            if not len(one):
                raise NasctlError(f"{name}: series {number:,} of the {split} split has no values")
    return int(first.shape[1])


def _without_gaps(name: str, parts: Parts[np.ndarray]) -> tuple[dict[SplitName, Part[np.ndarray]], list[str]]:
    """The series with linearly interpolated values where they are missing, and a note on how many are."""
    values = affected = 0
    filled: dict[SplitName, Part[np.ndarray]] = {}
    for split, part in parts.items():
        series = []
        for number, one in enumerate(part.sequences, start=1):
            missing = np.isnan(one)
            if missing.any():
                values, affected = values + int(missing.sum()), affected + 1
                one = _interpolated(f"{name}: series {number:,} of the {split} split", one, missing)
            series.append(np.ascontiguousarray(one, np.float32))
        filled[split] = Part(series, part.labels)
    if not values:
        return filled, []
    return filled, [f"{values:,} missing values in {affected:,} series are interpolated linearly"]


def _interpolated(place: str, series: np.ndarray, missing: np.ndarray) -> np.ndarray:
    series = series.copy()
    steps = np.arange(len(series))
    for feature in np.flatnonzero(missing.any(0)):
        known = ~missing[:, feature]
        if not known.any():
            raise NasctlError(
                f"{place} has no values of feature {feature + 1}",
                hint="leave the series or the feature out",
            )
        series[:, feature] = np.interp(steps, steps[known], series[known, feature])
    return series


def _on_lengths(lengths: Sequence[int], steps: int) -> list[str]:
    shorter, longer = sum(length < steps for length in lengths), sum(length > steps for length in lengths)
    notes = []
    if shorter:
        notes.append(
            f"the series have {min(lengths):,} to {max(lengths):,} steps; {shorter:,} shorter than {steps:,} "
            "are padded in front, which does not change what the networks compute"
        )
    if longer:
        notes.append(f"of {longer:,} series that are longer than {steps:,} steps the last {steps:,} are used")
    return notes
