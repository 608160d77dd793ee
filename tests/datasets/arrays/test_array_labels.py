"""Labels are recognised in whatever form they are stored; what cannot be meant is refused with its place."""

from __future__ import annotations

import numpy as np
import pytest

from nasctl.datasets.arrays.labels import Labels, read_labels
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind


def read(train: object, test: object | None = None, names: list[str] | None = None) -> Labels:
    arrays = {"train": ("y_train", np.array(train))}
    if test is not None:
        arrays["test"] = ("y_test", np.array(test))
    return read_labels("a.npz", arrays, names)


@pytest.mark.parametrize("dtype", ["u1", "i1", "<i4", ">i4", "i8", "u8"])
def test_whole_numbers_from_0_are_classes_without_a_note(dtype: str) -> None:
    labels = read(np.array([2, 0, 1, 1, 0, 2, 0, 1, 2], dtype), np.array([1], dtype))
    assert labels.target is TargetKind.CLASS
    assert labels.values["train"].tolist() == [2, 0, 1, 1, 0, 2, 0, 1, 2]
    assert labels.values["train"].dtype == np.int32
    assert labels.names == ("0", "1", "2")
    assert labels.notes == ()


@pytest.mark.parametrize(
    ("train", "names", "values", "note"),
    [
        ([1, 2, 3, 1, 2, 3], ("1", "2", "3"), [0, 1, 2, 0, 1, 2], "the labels 1, 2, 3"),
        ([5, 9, 5, 9], ("5", "9"), [0, 1, 0, 1], "the labels 5, 9"),
        ([-1, 1, 1, -1], ("-1", "1"), [0, 1, 1, 0], "the labels -1, 1"),
        ([0, 10, 7] * 2, ("0", "7", "10"), [0, 2, 1] * 2, "the labels 0, 7, 10"),
        ([0.0, 1.0, 2.0] * 3, ("0", "1", "2"), [0, 1, 2] * 3, "stored as float64, are classes"),
        ([1.0, 2.0, 1.0], ("1", "2"), [0, 1, 0], "the labels 1, 2"),
        ([[0, 1], [1, 0], [1, 0]], ("0", "1"), [1, 0, 0], "its column is the class"),
        ([[0.0, 1.0], [1.0, 0.0]], ("0", "1"), [1, 0], "its column is the class"),
        ([[True, False], [False, True]], ("0", "1"), [0, 1], "its column is the class"),
        ([[-1, 1], [1, -1]], ("0", "1"), [1, 0], "has one 1: its column is the class"),
        ([[0, 255], [255, 0]], ("0", "1"), [1, 0], "has one 255: its column is the class"),
        ([[0, 0, 1], [1, 0, 0]], ("0", "2"), [1, 0], "the labels 0, 2"),
    ],
)
def test_other_forms_of_classes_are_noted(
    train: object, names: tuple[str, ...], values: list[int], note: str
) -> None:
    labels = read(train)
    assert labels.target is TargetKind.CLASS
    assert labels.names == names
    assert labels.values["train"].tolist() == values
    assert any(note in line for line in labels.notes), labels.notes


@pytest.mark.parametrize(
    ("train", "names"),
    [
        (["dog", "cat", "dog"], ("cat", "dog")),
        ([b"dog", b"cat", b"dog"], ("cat", "dog")),
        (["猫", "犬", "猫"], ("犬", "猫")),
    ],
)
def test_texts_are_the_names_of_the_classes(train: object, names: tuple[str, ...]) -> None:
    labels = read(train)
    assert (labels.target, labels.names, labels.notes) == (TargetKind.CLASS, names, ())
    assert labels.values["train"].tolist() == [1, 0, 1]


def test_a_column_is_as_good_as_a_row_and_booleans_have_names() -> None:
    assert read([[0], [1], [1]]).values["train"].tolist() == [0, 1, 1]
    labels = read([True, False, True])
    assert labels.names == ("False", "True")
    assert labels.notes == ()


@pytest.mark.parametrize(
    ("train", "note"),
    [
        ([0.5, 1.0, 2.5], "numbers with a fraction"),
        (np.float16([0.5, 1.0, 2.5]), "numbers with a fraction"),
        ([[0.5], [1.0], [2.0]], "numbers with a fraction"),
        ([[1, 2], [3, 4]], "the 2 columns of y_train"),
        ([[0.25, 7.5], [3, 4]], "the 2 columns of y_train"),
        (np.arange(50), "50 different values in 50 examples"),
        (np.arange(50.0), "50 different values in 50 examples"),
    ],
)
def test_numbers_are_recognised(train: object, note: str) -> None:
    labels = read(train)
    assert labels.target is TargetKind.NUMBERS
    assert labels.values["train"].dtype == np.float32
    width = np.array(train).reshape(len(np.array(train)), -1).shape[1]
    assert labels.values["train"].shape == (len(np.array(train)), width)
    assert len(labels.names) == width
    assert any(note in line for line in labels.notes), labels.notes


def test_rows_with_several_ones_are_several_labels() -> None:
    labels = read([[1, 1, 0], [0, 0, 1], [0, 0, 0]], [[1, 1, 1]], ["red", "round", "ripe"])
    assert labels.target is TargetKind.LABELS
    assert labels.values["train"].dtype == np.uint8
    assert labels.values["test"].tolist() == [[1, 1, 1]]
    assert labels.names == ("red", "round", "ripe")
    signs = read([[1, 1, -1], [-1, -1, 1], [-1, -1, -1]])
    assert signs.target is TargetKind.LABELS
    assert signs.values["train"].tolist() == labels.values["train"].tolist()


def test_numbers_of_a_test_split_with_a_fraction_make_all_splits_numbers() -> None:
    assert read([0.0, 1.0, 2.0], [0.5]).target is TargetKind.NUMBERS


def test_names_are_matched_by_number_and_else_by_order() -> None:
    assert read([0, 1, 0, 1], names=["cat", "dog"]).names == ("cat", "dog")
    shifted = read([1, 2, 1, 2], names=["cat", "dog"])
    assert shifted.names == ("cat", "dog")
    assert "in their order" in shifted.notes[0]
    absent = read([0, 2, 0, 2], names=["cat", "dog", "hen"])
    assert absent.names == ("cat", "hen")
    assert absent.notes == ("y_train has no examples of `dog`",)
    texts = read(["dog", "cat", "dog", "cat"], names=["dog", "cat", "hen"])
    assert texts.names == ("cat", "dog")


@pytest.mark.parametrize(
    ("train", "test", "names", "message"),
    [
        ([0, 0, 0], None, None, "only one class, `0`"),
        (["cat"] * 3, None, None, "only one class, `cat`"),
        ([0, 1], [2], None, "y_test has the label 2, which y_train does not have"),
        (["a", "b"], ["c"], None, "y_test has the label c"),
        (["a", "b"], [0], None, "y_train has the dtype <U1, but y_test has"),
        ([[1, 0], [0, 1]], [0, 1], None, "y_train has the shape"),
        (["a", " ", ""], None, None, r"y_train\[1\] is empty, and 2 of 3"),
        ([0.0, np.nan, np.inf], None, None, "2 values that are NaN or infinite, the first of example 1"),
        ([0, 1j], None, None, "dtype complex128"),
        (np.array(["2020-01-01", "2021-01-01"], "M8[D]"), None, None, "dtype datetime64"),
        (np.zeros((3, 4, 4)), None, None, r"y_train has the shape \(3, 4, 4\)"),
        ([["a", "b"]], None, None, "has texts of the shape"),
        ([[0.2, 0.8], [0.6, 0.4]], None, None, "probabilities of 2 classes"),
        ([0.5, 0.5], None, None, "all values of y_train are equal"),
        ([1e8 + 0.5, 1e8 + 1], None, None, "differences between the values of y_train are lost"),
        ([[0.5, 1e9], [1.5, 1e9 + 1]], None, None, "column 1 of y_train are lost"),
        ([1e39, 0.5], None, None, "too large for float32"),
        ([0, 1], None, ["a"], "class_names has 1 names, but y_train has 2"),
        ([0, 1], None, ["a", "a"], "class_names has a twice"),
        (["a", "b"], None, ["a", "c"], "the class `b`, which class_names does not have"),
        ([0.5, 1.5], None, ["a", "b"], "class_names has 2 names, but y_train has 1 columns"),
    ],
)
def test_errors_name_the_array(train: object, test: object, names: list[str] | None, message: str) -> None:
    with pytest.raises(NasctlError, match=message):
        read(train, test, names)
