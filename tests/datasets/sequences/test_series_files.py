"""Series from `.ts`, `.npz`, `.csv` and `.tsv` files: values, labels, splits, padding, and what is refused."""

from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import Dataset, Encoding, load, name_for
from nasctl.datasets.tables import read_table
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind

HEADER = "@problemName test\n@classLabel true no yes\n"


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def ts(path: Path, lines: list[str], header: str = HEADER) -> Path:
    return write(path, f"# a comment\n{header}@data\n" + "\n".join(lines) + "\n")


def pair(tmp_path: Path, train: list[str], test: list[str], header: str = HEADER) -> Path:
    ts(tmp_path / "Set" / "Set_TRAIN.ts", train, header)
    ts(tmp_path / "Set" / "Set_TEST.ts", test, header)
    return tmp_path / "Set"


def table(rows: int = 12, header: str = "label,a,b,c") -> str:
    return "\n".join(
        [header, *(f"{'no' if row % 2 else 'yes'},{row},{row + 0.5},1e-1" for row in range(rows))]
    )


def values(dataset: Dataset) -> list[np.ndarray]:
    """All series without their padding."""
    parts = [part for part in (dataset.train, dataset.validation, dataset.test) if part is not None]
    return [one[~np.isnan(one).any(1)] for part in parts for one in part.inputs]


def refused(name: str, what: str) -> str:
    with pytest.raises(NasctlError, match=what) as caught:
        load(name)
    return caught.value.hint


@pytest.mark.parametrize("named", ["Set", "Set/Set_TRAIN.ts", "Set/Set_TEST.ts"])
def test_a_pair_of_ts_files_is_found_by_its_folder_and_by_either_file(tmp_path: Path, named: str) -> None:
    pair(tmp_path, ["1,2,3:4,5,6:yes", "7,8,9:10,11,12:no"], ["1,1,1:2,2,2:yes"])
    loaded = load(str(tmp_path / named))
    assert (loaded.name, loaded.kind, loaded.target) == (str(tmp_path / named), "series", TargetKind.CLASS)
    np.testing.assert_array_equal(loaded.train.inputs[0], [[1, 4], [2, 5], [3, 6]])
    assert loaded.class_names == ("no", "yes")
    assert (loaded.train.labels.tolist(), loaded.test.labels.tolist()) == ([1, 0], [1])
    assert loaded.train.keys is not None


def test_series_of_different_lengths_are_padded_in_front_and_the_end_of_longer_ones_is_used(
    tmp_path: Path,
) -> None:
    loaded = load(str(pair(tmp_path, ["1,2,3:yes", "4:no"], ["5,6,7,8:yes"])))
    np.testing.assert_array_equal(loaded.train.inputs[..., 0], [[1, 2, 3], [np.nan, np.nan, 4]])
    np.testing.assert_array_equal(loaded.test.inputs[..., 0], [[6, 7, 8]])
    assert "the series have 1 to 4 steps; 1 shorter than 3 are padded in front" in loaded.notes[0]


def test_missing_values_are_interpolated(tmp_path: Path) -> None:
    loaded = load(str(pair(tmp_path, ["?,1,?,NaN,4,?:yes", "1,1,1,1,1,1:no"], ["0,0,0,0,0,0:yes"])))
    np.testing.assert_array_equal(loaded.train.inputs[0, :, 0], [1, 1, 2, 3, 4, 4])
    assert "4 missing values in 1 series are interpolated linearly" in loaded.notes


def test_the_numbers_of_a_ts_file_are_numbers_also_if_they_are_whole(tmp_path: Path) -> None:
    header = "@problemName test\n@targetLabel true\n"
    loaded = load(str(pair(tmp_path, ["1,2:3", "4,5:1"], ["1,1:2"], header)))
    assert (loaded.target, loaded.train.labels.tolist()) == (TargetKind.NUMBERS, [[3.0], [1.0]])


@pytest.mark.parametrize(
    ("lines", "header", "what"),
    [
        (["1,2:3,4,5:yes"], HEADER, r":5: the features of this series have 2 to 3 values"),
        (["1,two:yes"], HEADER, r":5: `two` is not a number"),
        (["1,2"], HEADER, r":5: this line has no label"),
        (["1,1e99:yes"], HEADER, r":5: a value is infinite or too large"),
        (["1,2:?"], HEADER, r":5: the class of this series is missing"),
        (["(0,1),(1,2):yes"], HEADER + "@timestamps true\n", "has timestamps"),
        (["1,2:yes"], "@problemName test\n@classLabel false\n", "has no labels"),
        (["1,2:yes"], "", "has no labels"),
        (["1,2:5", "1,3:5"], "@targetLabel\ttrue\n", "all values of the last field are equal"),
        ([], HEADER, "has no series after @data"),
        (["?,?:yes", "1,2:no"], HEADER, "series 1 of the train split has no values of feature 1"),
        (["1,2:yes", "1,2:1,2:no"], HEADER, "series 2 of the train split has 2 features, but the first"),
    ],
)
def test_what_a_ts_file_may_not_have(tmp_path: Path, lines: list[str], header: str, what: str) -> None:
    refused(str(ts(tmp_path / "Set.ts", lines, header)), what)


def test_a_folder_of_several_data_sets_needs_the_name_of_a_file(tmp_path: Path) -> None:
    for name in ("A", "B"):
        ts(tmp_path / f"{name}_TRAIN.ts", ["1,2:yes", "3,4:no"])
        ts(tmp_path / f"{name}_TEST.ts", ["1,2:yes"])
    assert "A_TRAIN.ts" in refused(str(tmp_path), "has the files of several data sets: A, B")
    assert len(load(str(tmp_path / "B_TRAIN.ts")).train) == 2


def test_the_label_of_a_row_may_not_be_missing_among_numbers(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("label,a,b\n" + "".join(f"{row % 2 or 'NA'},{row},{row + 1}\n" for row in range(20)))
    with pytest.raises(NasctlError, match="10 values that are NaN"):
        load(f"series:{path}")


def test_tables_may_have_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    steps = range(50_000)
    path.write_text(f"label,{','.join(f't{step}' for step in steps)}\n0,{','.join('1' for _ in steps)}\n")
    assert len(read_table(path).names or ()) == 50_001


def test_a_row_of_a_table_is_a_series(tmp_path: Path) -> None:
    loaded = load(f"series:{write(tmp_path / 'a.csv', table())}")
    assert loaded.name == f"series:{tmp_path / 'a.csv'}"
    assert loaded.class_names == ("no", "yes")
    assert len(loaded.train) + len(loaded.test) == 12
    assert sorted(one[0, 0] for one in values(loaded)) == list(range(12))
    assert loaded.train.inputs.shape[1:] == (3, 1)


def test_the_split_of_a_table_does_not_depend_on_further_rows(tmp_path: Path) -> None:
    few, many = (load(f"series:{write(tmp_path / f'{rows}.csv', table(rows))}") for rows in (20, 40))
    assert {one[0, 0] for one in few.test.inputs} <= {one[0, 0] for one in many.test.inputs}


def test_a_column_says_the_split(tmp_path: Path) -> None:
    text = "split,label,a,b\ntrain,x,1,2\ntrain,y,3,4\nval,x,5,6\ntest,y,7,8\n"
    loaded = load(f"series:{write(tmp_path / 'a.csv', text)}")
    assert loaded.validation is not None
    assert [part.inputs[0, 0, 0] for part in (loaded.train, loaded.validation, loaded.test)] == [1, 5, 7]


def test_a_table_without_names_begins_with_the_label_as_those_of_ucr(tmp_path: Path) -> None:
    write(tmp_path / "Set" / "Set_TRAIN.tsv", "1\t0.5\t0.25\n2\t1\t2\n-1\t1\tNaN\n")
    write(tmp_path / "Set" / "Set_TEST.tsv", "2\t9\t8\n")
    loaded = load(f"series:{tmp_path / 'Set'}")
    assert (loaded.class_names, loaded.test.labels.tolist()) == (("-1", "1", "2"), [2])
    np.testing.assert_array_equal(
        loaded.train.inputs[2, :, 0], [np.nan, 1]
    )  # the step without a value is padding


def test_the_steps_of_series_may_be_rows(tmp_path: Path) -> None:
    text = (
        "id,time,heat,load,label,split\nb,10,1,2,x,train\nb,9,3,4,x,train\n"
        "a,1,5,6,y,train\na,2,,8,y,train\na,3,9,10,y,train\nc,1,0,0,x,test\n"
    )
    loaded = load(f"series:{write(tmp_path / 'a.csv', text)}")
    np.testing.assert_array_equal(values(loaded)[0], [[3, 4], [1, 2]])
    np.testing.assert_array_equal(values(loaded)[1], [[5, 6], [7, 8], [9, 10]])


def test_columns_of_targets_are_numbers_to_predict(tmp_path: Path) -> None:
    rows = "\n".join(f"{row},{row % 2},{row * row},1" for row in range(9))
    loaded = load(f"series:{write(tmp_path / 'a.csv', 'target_u,target_v,a,b' + chr(10) + rows)}")
    assert (loaded.target, loaded.class_names) == (TargetKind.NUMBERS, ("target_u", "target_v"))
    assert loaded.train.labels.shape[1] == 2


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a,b,c\n1,2,3\n", "has no column of labels"),
        ("label,target,a\nx,1,2\n", "has both labels and targets"),
        ("label,a,b\nx,1,two\ny,1,2\n", r":2: `two` in column `b` is not a number"),
        ("label,a,b\nx,1\n", r":2: this row has 2 cells, but the first one has 3"),
        ("label,a,a\nx,1,2\n", "has two columns named `a`"),
        ("label,split,a\nx,train,1\ny,later,2\n", "`later` in the column split is no split"),
        ("id,time,label,a\n1,1,x,2\n1,2,y,3\n", r":3: `y` in the column label differs from `x`"),
        ("id,time,label,a\n1,1,x,2\n1,1,x,3\n", "has a time twice"),
        ("label,a\nx,1e99\n", r":2: `1e99` is infinite or too large"),
        ("label,a,b\nx,,\ny,1,2\n", "has no values"),
        ("", "is empty"),
        ("1,2\n", "a series needs a label and at least two values"),
    ],
)
def test_what_a_table_may_not_have(tmp_path: Path, text: str, what: str) -> None:
    refused(f"series:{write(tmp_path / 'a.csv', text)}", what)


def test_arrays_are_series_with_steps_before_features(tmp_path: Path) -> None:
    x, y = np.arange(240, dtype=np.float64).reshape(20, 3, 4), np.arange(20) % 2
    x[0, 2] = np.nan  # padding behind
    np.savez(tmp_path / "a.npz", x_train=x, y_train=y, x_test=x[:4, :, :], y_test=y[:4])
    loaded = load(f"series:{tmp_path / 'a.npz'}")
    np.testing.assert_array_equal(loaded.train.inputs[0], [[np.nan] * 4, *x[0, :2]])
    np.testing.assert_array_equal(loaded.train.inputs[1], x[1])
    assert "np.swapaxes(x_train, 1, 2)" in loaded.notes[0]
    np.savez(tmp_path / "b.npz", x_train=x[:, :, 0], y_train=y, x_test=x[:, :, 0], y_test=y)
    assert load(f"series:{tmp_path / 'b.npz'}").train.inputs.shape == (20, 3, 1)


def test_arrays_of_images_are_no_series(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=np.zeros((4, 2, 2, 1)), y_train=[0, 1, 0, 1])
    assert "(N, steps, features)" in refused(f"series:{tmp_path / 'a.npz'}", r"has the shape \(4, 2, 2, 1\)")


def test_series_to_measure_get_the_length_of_the_training_series(tmp_path: Path) -> None:
    folder = pair(tmp_path, ["1,2:yes", "3,4:no"], ["5,6,7:yes"])
    encoding = Encoding(("no", "yes"), (0.0,), (1.0,), steps=4)
    loaded = load(str(folder), encoding=encoding)
    np.testing.assert_array_equal(loaded.test.inputs[0, :, 0], [np.nan, 5, 6, 7])
    with pytest.raises(NasctlError, match="have 1 features, but the network reads 2"):
        load(str(folder), encoding=Encoding(("no", "yes"), (0.0, 0.0), (1.0, 1.0), steps=4))


@pytest.mark.parametrize(
    ("name", "read", "next_token", "expected"),
    [
        ("a.npz", InputKind.SERIES, False, "series:a.npz"),
        ("a.npz", InputKind.IMAGE, False, "a.npz"),
        ("a.CSV", InputKind.SERIES, False, "series:a.CSV"),
        ("a.csv", InputKind.TEXT, False, "documents:a.csv"),
        ("a.csv", InputKind.TEXT, True, "a.csv"),
        ("chars:a.csv", InputKind.TEXT, False, "chars:a.csv"),
        ("a.ts", InputKind.SERIES, False, "a.ts"),
    ],
)
def test_the_networks_say_how_a_file_is_read(
    name: str, read: InputKind, next_token: bool, expected: str
) -> None:
    assert name_for(name, read, next_token=next_token) == expected
