"""Reads time series in the format `.ts` of the archives at timeseriesclassification.com, as aeon and sktime do."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.datasets.reading import require_file, require_memory
from nasctl.datasets.tables import LARGEST, number_in
from nasctl.errors import NasctlError
from nasctl.files import read_text
from nasctl.foreign_text import shortened


@dataclass(frozen=True, eq=False)
class TsFile:
    """The content of a file.

    Attributes:
      series: Each (steps, features) as float32, NaN where a value is missing.
      labels: The classes as texts, or the numbers to predict, (N,).
      numbers: Whether the labels are numbers to predict.
    """

    series: list[np.ndarray]
    labels: np.ndarray
    numbers: bool


def read_ts(path: Path) -> TsFile:
    """Reads a file: a header of lines that begin with `@`, and after `@data` one series a line.

    The features of a series are separated by colons, its values by commas. The last field is the class or the number to
    predict, as `@classLabel` or `@targetLabel` says. A missing value is `?` or `NaN`.

    Raises:
      NasctlError: The file cannot be read or is not of this format; its values have timestamps; the features of a
        series have different lengths; or there are no labels.
    """
    require_file(path)
    require_memory(path, 6 * path.stat().st_size)
    lines = _lines(read_text(path, limit=LARGEST))
    header = _read_header(path, lines)
    if _says_yes(header, "timestamps"):
        raise NasctlError(
            f"{path} has timestamps, which nasctl does not read",
            hint="write the values alone, at equal distances in time",
        )
    numbers = _says_yes(header, "targetlabel")
    if not (numbers or _says_yes(header, "classlabel")):
        raise NasctlError(
            f"{path} has no labels", hint="the header needs `@classLabel true NAMES…` or `@targetLabel true`"
        )
    series: list[np.ndarray] = []
    labels: list[str | float] = []
    for line, text in lines:
        *features, label = text.split(":")
        if not features:
            raise NasctlError(f"{path}:{line}: this line has no label", hint="write it after a colon")
        series.append(_series(path, line, features))
        labels.append(_label(path, line, label.strip(), numbers))
    if not series:
        raise NasctlError(f"{path} has no series after @data")
    return TsFile(series, np.array(labels, np.float64 if numbers else np.str_), numbers)


def _lines(text: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        stripped = line.strip()
        if stripped and not stripped.startswith(("#", "%")):
            yield number, stripped


def _read_header(path: Path, lines: Iterator[tuple[int, str]]) -> dict[str, str]:
    header: dict[str, str] = {}
    for number, line in lines:
        if not line.startswith("@"):
            raise NasctlError(
                f"{path}:{number}: this line comes before @data, but does not begin with @",
                hint="a .ts file has a header of lines such as `@classLabel true yes no`, then `@data`",
            )
        name, *value = line[1:].split(maxsplit=1) or [""]
        if name.casefold() == "data":
            return header
        header[name.casefold()] = "".join(value)
    raise NasctlError(f"{path} has no line @data", hint="a .ts file has a header, then `@data`, then series")


def _says_yes(header: dict[str, str], name: str) -> bool:
    return header.get(name, "").casefold().split()[:1] == ["true"]


def _series(path: Path, line: int, features: list[str]) -> np.ndarray:
    columns = [_values(path, line, text) for text in features]
    lengths = {len(column) for column in columns}
    if len(lengths) > 1:
        raise NasctlError(
            f"{path}:{line}: the features of this series have {min(lengths):,} to {max(lengths):,} values",
            hint="all features of a series need the same steps; write ? for missing values at the end",
        )
    return np.stack(columns, axis=1)


def _values(path: Path, line: int, text: str) -> np.ndarray:
    cells = text.split(",")
    try:
        values = np.array(cells, np.float64)
    except ValueError:
        read = [number_in(cell) for cell in cells]
        if None in read:
            wrong = cells[read.index(None)]
            raise NasctlError(f"{path}:{line}: `{shortened(wrong.strip(), 60)}` is not a number") from None
        values = np.array(read, np.float64)
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    if np.isinf(values).any():
        raise NasctlError(f"{path}:{line}: a value is infinite or too large for float32")
    return values


def _label(path: Path, line: int, text: str, numbers: bool) -> str | float:
    if not numbers:
        if not text or text == "?":
            raise NasctlError(f"{path}:{line}: the class of this series is missing")
        return text
    number = number_in(text)
    if number is None or not np.isfinite(number):
        raise NasctlError(f"{path}:{line}: the label `{shortened(text, 60)}` is not a finite number")
    return number
