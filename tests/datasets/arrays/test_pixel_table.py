"""Tables of pixels are recognised by their first row, and read with their labels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import load
from nasctl.datasets.arrays.pixel_table import is_pixel_table
from nasctl.errors import NasctlError

RNG = np.random.default_rng(0)
PIXELS = RNG.integers(0, 256, (30, 64))
LABELS = [number % 3 for number in range(30)]
NAMES = [f"pixel{number}" for number in range(64)]


def table(path: Path, header: list[str] | None = None, rows: list[list[object]] | None = None) -> Path:
    if rows is None:
        rows = [[label, *row] for label, row in zip(LABELS, PIXELS.tolist(), strict=True)]
    lines = ([header] if header else []) + rows
    path.write_text("".join(",".join(map(str, line)) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header",
    [
        ["label", *NAMES],
        ["Class", *(f"px_{number}" for number in range(64))],
        ["digit", *(f"{row}x{column}" for row in range(1, 9) for column in range(1, 9))],
        ["y", *map(str, range(64))],
        None,
    ],
)
def test_headers_of_tables(tmp_path: Path, header: list[str] | None) -> None:
    dataset = load(str(table(tmp_path / "digits.csv", header)))
    assert dataset.train.inputs.shape[1:] == (8, 8, 1)
    assert dataset.train.inputs.dtype == np.uint8
    found = {row.tobytes() for part in (dataset.train, dataset.test) for row in np.asarray(part.inputs)}
    assert found == {row.astype(np.uint8).tobytes() for row in PIXELS}
    assert dataset.class_names == ("0", "1", "2")
    assert any("64 columns" in note and "8×8 pixels" in note for note in dataset.notes)


@pytest.mark.parametrize("delimiter", [";", "\t"])
def test_cells_may_be_separated_by_other_signs(tmp_path: Path, delimiter: str) -> None:
    file = table(tmp_path / "digits.csv", ["label", *NAMES])
    expected = load(str(file))
    file.write_text(file.read_text().replace(",", delimiter))
    assert np.array_equal(np.asarray(load(str(file)).train.inputs), np.asarray(expected.train.inputs))


def test_the_label_may_come_last_and_be_a_text(tmp_path: Path) -> None:
    rows = [
        [*row, ("cat", "a, dog", "hen")[label]] for row, label in zip(PIXELS.tolist(), LABELS, strict=True)
    ]
    quoted = [[*row[:-1], f'"{row[-1]}"'] for row in rows]
    dataset = load(str(table(tmp_path / "a.csv", [*NAMES, "label"], quoted)))
    assert dataset.class_names == ("a, dog", "cat", "hen")


def test_fractions_stay_fractions(tmp_path: Path) -> None:
    rows = [[label, *row] for label, row in zip(LABELS, (PIXELS / 255).tolist(), strict=True)]
    dataset = load(str(table(tmp_path / "a.csv", ["label", *NAMES], rows)))
    assert dataset.train.inputs.dtype == np.float32
    assert float(dataset.train.inputs.max()) <= 1


def test_a_folder_has_a_table_for_each_split(tmp_path: Path) -> None:
    table(tmp_path / "mnist_train.csv", ["label", *NAMES])
    rows = [[label, *row] for label, row in zip(LABELS, (255 - PIXELS).tolist(), strict=True)]
    table(tmp_path / "mnist_test.csv", ["label", *NAMES], rows)
    dataset = load(str(tmp_path))
    assert (len(dataset.train), len(dataset.test)) == (30, 30)
    table(tmp_path / "mnist_test.csv", NAMES, PIXELS.tolist())
    dataset = load(str(tmp_path))
    assert "mnist_test.csv has no column of labels and is not used" in dataset.notes
    assert len(dataset.train) + len(dataset.test) == 30


@pytest.mark.parametrize(
    "header",
    [
        ["file", "label"],
        ["label", *NAMES[:60]],
        ["label", *NAMES[:63], "weight"],
        ["label", "class", *NAMES[:62]],
        ["label", *(f"pixel{number}" for number in range(65))],
        NAMES,
        [""],
    ],
)
def test_other_tables_are_not_tables_of_pixels(tmp_path: Path, header: list[str]) -> None:
    assert not is_pixel_table(table(tmp_path / "a.csv", header, [[0] * len(header)]))


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[0, *[1] * 63]], r"a.csv:2: this row has 64 cells, but the first one has 65"),
        ([[0, *[1] * 65], [1, *[2] * 64]], r"a.csv:2: this row has 66 cells"),
        ([[0, *[1] * 63, "x"]], "is not a table of pixels"),
        ([[0, *[1] * 63, ""]], "is not a table of pixels"),
        ([["", *[1] * 64], [1, *[2] * 64]], "is empty"),
        ([[0, *[1] * 63, "nan"], [1, *[2] * 64]], "NaN or infinite"),
    ],
)
def test_rows_that_cannot_be_read_are_named(tmp_path: Path, rows: list[list[object]], message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        load(str(table(tmp_path / "a.csv", ["label", *NAMES], rows)))
