"""Folders of images with a table of labels."""

from pathlib import Path

import numpy as np
import pytest
from image_drawing import all_pixels, counts, draw, draw_classes

from nasctl.datasets.images.folder import load_image_folder
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for number in range(10):
        draw(tmp_path / f"{number}.png", number)
    return tmp_path


def write(root: Path, lines: list[str], name: str = "labels.csv", encoding: str = "utf-8") -> Path:
    (root / name).write_text("\n".join(lines) + "\n", encoding=encoding)
    return root


def rows(label: str = "cat,dog", count: int = 10) -> list[str]:
    labels = label.split(",")
    return [f"{number}.png,{labels[number % len(labels)]}" for number in range(count)]


def by_value(dataset) -> dict[int, np.ndarray]:
    """The label of each image by its grey value."""
    labels = np.concatenate([dataset.train.labels, dataset.test.labels])
    return dict(zip(all_pixels(dataset)[:, 0, 0, 0].tolist(), labels, strict=True))


def test_a_table_names_the_class_of_each_file(root: Path) -> None:
    dataset = load_image_folder(write(root, ["file,label", *rows()]))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.target is TargetKind.CLASS
    assert all(label == value % 2 for value, label in by_value(dataset).items())


@pytest.mark.parametrize(
    ("name", "separator", "encoding", "header"),
    [
        ("labels.tsv", "\t", "utf-8", "file\tlabel"),
        ("Labels.CSV", ";", "utf-8-sig", "File Name;Class"),
        ("metadata.csv", ",", "utf-8", "file_name,label"),
        ("labels.csv", ",", "utf-8", "image-id,category"),
    ],
)
def test_tables_have_several_forms(name: str, separator: str, encoding: str, header: str, root: Path) -> None:
    lines = [line.replace(",", separator) for line in rows()]
    assert load_image_folder(write(root, [header, *lines], name, encoding)).class_names == ("cat", "dog")


def test_the_names_of_files_may_lack_folders_and_endings(tmp_path: Path) -> None:
    names = ["deep/1.png", "deep/2.png", "deep/3.png", "deep/4.png"]
    for number, name in enumerate(names):
        draw(tmp_path / "images" / name, number)
    cells = ["1", "2.png", "deep/3.png", "C:\\old\\images\\deep\\4.png"]
    lines = [f"{cell},{number % 2}" for number, cell in enumerate(cells)]
    dataset = load_image_folder(write(tmp_path, ["file,label", *lines]))
    assert sum(counts(dataset)) == 4


def test_the_table_states_the_splits(root: Path) -> None:
    splits = ["train"] * 4 + ["VALID"] * 2 + ["Test"] * 4
    lines = [f"{row},{split}" for row, split in zip(rows(), splits, strict=True)]
    dataset = load_image_folder(write(root, ["file,label,split", *lines]))
    assert counts(dataset) == (4, 2, 4)
    assert dataset.test.inputs[:, 0, 0, 0].tolist() == [6, 7, 8, 9]


def test_folders_state_the_splits_of_a_table(tmp_path: Path) -> None:
    for number in range(6):
        draw(tmp_path / "train" / f"{number}.png", number)
        draw(tmp_path / "test" / f"{number}.png", number + 10)
    lines = [f"{split}/{number}.png,{number % 2}" for split in ("train", "test") for number in range(6)]
    assert counts(load_image_folder(write(tmp_path, ["file,label", *lines]))) == (6, 0, 6)


def test_labels_separated_by_bars_all_apply(root: Path) -> None:
    dataset = load_image_folder(write(root, ["file,tags", *rows("a|b,c, a | c ,")]))
    assert dataset.target is TargetKind.LABELS
    assert dataset.class_names == ("a", "b", "c")
    expected = [[1, 1, 0], [0, 0, 1], [1, 0, 1], [0, 0, 0]]
    assert all(label.tolist() == expected[value % 4] for value, label in by_value(dataset).items())
    assert dataset.train.labels.dtype == np.uint8


def test_columns_of_zeros_and_ones_are_labels(root: Path) -> None:
    lines = [f"{number}.png,{number % 2},{int(number > 4)}" for number in range(10)]
    dataset = load_image_folder(write(root, ["file,beach,night", *lines]))
    assert (dataset.target, dataset.class_names) == (TargetKind.LABELS, ("beach", "night"))
    assert all(label.tolist() == [value % 2, value > 4] for value, label in by_value(dataset).items())


def test_a_single_one_in_each_row_is_a_class(root: Path) -> None:
    lines = [f"{number}.png,{float(number % 2 == 0)},{float(number % 2)}" for number in range(10)]
    dataset = load_image_folder(write(root, ["image,benign,malignant", *lines]))
    assert (dataset.target, dataset.class_names) == (TargetKind.CLASS, ("benign", "malignant"))
    assert "each row has a single 1" in " ".join(dataset.notes)


def test_fractions_are_numbers_to_predict(root: Path) -> None:
    dataset = load_image_folder(write(root, ["file,size", *rows("0.5,1e-3,-2")]))
    assert (dataset.target, dataset.class_names) == (TargetKind.NUMBERS, ("size",))
    assert dataset.train.labels.dtype == np.float32
    expected = np.float32([0.5, 1e-3, -2])
    assert all(label == expected[value % 3] for value, label in by_value(dataset).items())


def test_several_columns_of_numbers_are_predicted_together(root: Path) -> None:
    dataset = load_image_folder(write(root, ["file,x,y2", *[f"{n}.png,{n},{n / 2}" for n in range(10)]]))
    assert dataset.train.labels.shape[1:] == (2,)
    assert all(label.tolist() == [value, value / 2] for value, label in by_value(dataset).items())


@pytest.mark.parametrize(
    ("column", "target"),
    [
        ("label", TargetKind.CLASS),
        ("Class", TargetKind.CLASS),
        ("value", TargetKind.NUMBERS),
        ("y", TargetKind.NUMBERS),
    ],
)
def test_the_name_of_the_column_decides_what_whole_numbers_are(
    column: str, target: TargetKind, root: Path
) -> None:
    dataset = load_image_folder(write(root, [f"file,{column}", *rows("10,9")]))
    assert dataset.target is target
    assert f"`{column}`" in " ".join(dataset.notes)
    if target is TargetKind.CLASS:
        assert dataset.class_names == ("9", "10")


@pytest.mark.parametrize(
    ("values", "target"), [("1,2", TargetKind.CLASS), ("1,2,3,4,5,6,7,8,9,10", TargetKind.NUMBERS)]
)
def test_whole_numbers_in_another_column_are_classes_if_they_are_few(
    values: str, target: TargetKind, root: Path
) -> None:
    dataset = load_image_folder(write(root, ["file,grade", *rows(values)]))
    assert dataset.target is target
    assert "`grade`" in " ".join(dataset.notes)


def test_a_column_called_label_is_used_alone(root: Path) -> None:
    lines = [f"{row},somebody,{number}" for number, row in enumerate(rows())]
    dataset = load_image_folder(write(root, ["file,label,author,index", *lines]))
    assert dataset.class_names == ("cat", "dog")
    assert "columns of labels.csv are not used: author, index" in dataset.notes


def test_files_that_the_table_does_not_name_are_noted(root: Path) -> None:
    notes = load_image_folder(write(root, ["file,label", *rows(count=8)])).notes
    assert "2 images are ignored, as labels.csv does not name them: 8.png, 9.png" in notes


def test_a_table_about_something_else_leaves_the_classes_to_the_folders(tmp_path: Path) -> None:
    draw_classes(tmp_path, cat=5, dog=5)
    for name, lines in (
        ("metadata.csv", ["file_name,width", "a,5"]),
        ("labels.csv", ["number,meaning", "0,cat"]),
    ):
        assert load_image_folder(write(tmp_path, lines, name)).class_names == ("cat", "dog")


MISTAKES = {
    "no label column": (["file", "1.png"], "has no column of labels"),
    "no file column": (["picture,label", *rows()], "has no column `file`: it has picture, label"),
    "no rows": (["file,label"], "has no rows"),
    "a short row": (["file,label", "1.png"], "labels.csv:2 has 1 cells, and the first line has 2"),
    "no label": (
        ["file,label", *rows(), "1.png,"],
        "labels.csv:12: 1.png has another label or split than in line 3",
    ),
    "an empty label": (
        [
            "file,label",
            *rows("a,"),
        ],
        "labels.csv:3 has no `label`",
    ),
    "a file twice": (["file,label", *rows(), "1.png,cat"], "labels.csv:12: 1.png has another label"),
    "absent files": (
        ["file,label", *rows(), "10.png,cat", "x.png,cat"],
        "2 of 12 files of {root}/labels.csv do not exist",
    ),
    "no split": (["file,label,split", "1.png,a,train", "2.png,b,fold1"], "labels.csv:3: `fold1` is no split"),
    "no training": (["file,label,split", "1.png,a,test", "2.png,b,val"], "has no training images"),
    "one class": (["file,label", *rows("a")], "has one class only, `a`"),
    "a new class": (
        ["file,label,split", "1.png,a,train", "2.png,b,train", "3.png,c,test"],
        "has no training images of the class `c`",
    ),
    "two columns of words": (
        ["file,colour,shape", "1.png,red,round", "2.png,blue,3"],
        "there are 2 columns that may be labels",
    ),
    "a large number": (
        ["file,value", *rows("1e39,2")],
        "labels.csv:2: the number in the column `value` is too large",
    ),
    "a fraction that is missing": (
        ["file,y", *rows("1.5,n/a,2.5,3")],
        "labels.csv:3: `n/a` in the column `y` is no number, as most others are",
    ),
    "a column twice": (["file,label,label", "1.png,a,b"], "has two columns `label`"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_names_the_line(mistake: str, root: Path) -> None:
    lines, message = MISTAKES[mistake]
    with pytest.raises(NasctlError) as caught:
        load_image_folder(write(root, lines))
    assert message.format(root=root) in caught.value.message


@pytest.mark.parametrize(
    "content", [b"\xff\xfe\x00\x01", b"file,label\n\x00,\x00\n", b"", b'file,label\n"' + b"x" * 200_000]
)
def test_a_table_that_cannot_be_read_is_named(content: bytes, root: Path) -> None:
    (root / "labels.csv").write_bytes(content)
    with pytest.raises(NasctlError, match=r"labels\.csv"):
        load_image_folder(root)


def test_files_outside_of_the_folder_are_not_read(tmp_path: Path) -> None:
    draw(tmp_path / "secret.png")
    for number in range(4):
        draw(tmp_path / "data" / f"{number}.png", number)
    lines = ["file,label", "../secret.png,a", "/etc/passwd,b", *rows(count=4)]
    with pytest.raises(NasctlError, match=r"2 of 6 files"):
        load_image_folder(write(tmp_path / "data", lines))
