"""Folders of images as people have them: nested folders, splits in several spellings, and files that are no images."""

import unicodedata
from pathlib import Path

import numpy as np
import pytest
from image_drawing import counts, draw, draw_classes

from nasctl.datasets.images.folder import load_image_folder
from nasctl.errors import NasctlError


def refusal(root: Path) -> tuple[str, str]:
    with pytest.raises(NasctlError) as caught:
        load_image_folder(root)
    return caught.value.message, caught.value.hint


def test_the_class_is_the_first_folder_of_a_file(tmp_path: Path) -> None:
    for name in (
        "cat/1.png",
        "cat/home/2.png",
        "cat/home/old/3.png",
        "dog/4.png",
        "dog/a/5.png",
        "dog/b/6.png",
    ):
        draw(tmp_path / name)
    dataset = load_image_folder(tmp_path)
    assert dataset.class_names == ("cat", "dog")
    labels = np.concatenate([dataset.train.labels, dataset.test.labels])
    assert np.bincount(labels).tolist() == [3, 3]


@pytest.mark.parametrize("train", ["train", "Training", "TRN"])
@pytest.mark.parametrize("validation", ["val", "valid", "Validation", "dev"])
@pytest.mark.parametrize("test", ["test", "Testing"])
def test_splits_have_several_spellings(train: str, validation: str, test: str, tmp_path: Path) -> None:
    draw_classes(tmp_path / train, a=3, b=3)
    draw_classes(tmp_path / validation, a=2, b=1)
    draw_classes(tmp_path / test, a=1, b=1)
    dataset = load_image_folder(tmp_path)
    assert counts(dataset) == (6, 3, 2)
    assert dataset.class_names == ("a", "b")


def test_without_test_images_a_fifth_of_the_training_images_is_held_out(tmp_path: Path) -> None:
    draw_classes(tmp_path / "train", a=20, b=20)
    draw_classes(tmp_path / "val", a=3, b=3)
    dataset = load_image_folder(tmp_path)
    train, validation, test = counts(dataset)
    assert (train + test, validation) == (40, 6)
    assert 4 <= test <= 12
    assert dataset.notes[0] == (
        "there is no test split: about a fifth of the images is held out for it, by a hash of their names"
    )


def test_a_training_folder_alone_is_split(tmp_path: Path) -> None:
    draw_classes(tmp_path / "train", a=10, b=10)
    assert load_image_folder(tmp_path).class_names == ("a", "b")


def test_train_may_be_a_class(tmp_path: Path) -> None:
    draw_classes(tmp_path, train=5, bus=5)
    assert load_image_folder(tmp_path).class_names == ("bus", "train")


@pytest.mark.parametrize(
    ("train", "test"), [("train_set", "test-set"), ("Train Images", "Test Images"), ("train2017", "testdata")]
)
def test_words_around_a_split_are_no_classes(train: str, test: str, tmp_path: Path) -> None:
    draw_classes(tmp_path / train, a=3, b=3)
    draw_classes(tmp_path / test, a=1, b=1)
    dataset = load_image_folder(tmp_path)
    assert (dataset.class_names, counts(dataset)) == (("a", "b"), (6, 0, 2))


@pytest.mark.parametrize("names", [("tain", "test"), ("train", "holdout"), ("train", "eval")])
def test_a_split_beside_an_unknown_one_is_refused(names: tuple[str, str], tmp_path: Path) -> None:
    for name in names:
        draw_classes(tmp_path / name, a=3, b=3)
    message, hint = refusal(tmp_path)
    assert all(name in message for name in names)
    assert "call the splits train, val and test" in hint


def test_folders_that_may_be_splits_are_noted(tmp_path: Path) -> None:
    for name in ("tain", "tset"):
        draw_classes(tmp_path / name, a=3, b=3)
    assert any("if the folders are splits" in note for note in load_image_folder(tmp_path).notes)


def test_classes_that_differ_in_case_only_are_noted(tmp_path: Path) -> None:
    draw_classes(tmp_path, Cats=3, cats=3, dogs=3)
    notes = load_image_folder(tmp_path).notes
    assert any("`Cats` and `cats`" in note for note in notes)


def test_the_test_images_stay_when_files_are_added(tmp_path: Path) -> None:
    for number in range(40):
        draw(tmp_path / "a" / f"{number}.png", number)
        draw(tmp_path / "b" / f"{number}.png", 100 + number)
    before = load_image_folder(tmp_path)
    for number in range(40, 60):
        draw(tmp_path / "a" / f"{number}.png", number)
    after = load_image_folder(tmp_path)

    def held_out(dataset):
        return set(dataset.test.inputs[:, 0, 0, 0].tolist())

    assert held_out(before) == {value for value in held_out(after) if not 40 <= value < 60}


def test_classes_may_be_called_in_any_script(tmp_path: Path) -> None:
    names = ("été", "猫", "собака", "with blank", "emoji 🐈")
    for name in names:
        for number in range(3):
            draw(tmp_path / name / f"фото {number}.png")
    assert set(load_image_folder(tmp_path).class_names) == set(names)


def test_composed_and_decomposed_names_are_one_data_set(tmp_path: Path) -> None:
    for form in ("NFC", "NFD"):
        for name in ("été", "hiver"):
            draw_classes(tmp_path / form, **{unicodedata.normalize(form, name): 6})
    composed, decomposed = load_image_folder(tmp_path / "NFC"), load_image_folder(tmp_path / "NFD")
    assert composed.class_names == decomposed.class_names == ("hiver", "été")
    assert composed.digest == decomposed.digest


def test_files_that_are_no_images_are_ignored(tmp_path: Path) -> None:
    draw_classes(tmp_path, cat=5, dog=5)
    before = load_image_folder(tmp_path)
    for name in (".hidden/x.png", "cat/.y.png", "cat/Thumbs.db", "dog/notes.txt", "README", "labels.json"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"no image")
    (tmp_path / "__MACOSX" / "cat").mkdir(parents=True)
    after = load_image_folder(tmp_path)
    assert after.digest == before.digest
    assert after.notes == before.notes


def test_files_of_unknown_kinds_are_noted(tmp_path: Path) -> None:
    draw_classes(tmp_path, cat=5, dog=5)
    for name in ("cat/a.mov", "cat/b.cr2", "dog/c.mov", "dog/d"):
        (tmp_path / name).write_bytes(b"")
    note, _ = load_image_folder(tmp_path).notes
    assert note == "4 files are ignored, of no known kind: cat/a.mov, cat/b.cr2, dog/c.mov and 1 more"


def test_images_outside_of_the_classes_are_noted(tmp_path: Path) -> None:
    draw_classes(tmp_path, cat=5, dog=5)
    draw(tmp_path / "overview.png")
    note, _ = load_image_folder(tmp_path).notes
    assert note == "1 image is ignored, outside of the folders of classes: overview.png"


def test_a_folder_may_be_called_like_an_image(tmp_path: Path) -> None:
    draw_classes(tmp_path, cat=5, dog=5)
    draw(tmp_path / "cat" / "old.png" / "1.png")
    assert sum(counts(load_image_folder(tmp_path))) == 11


def test_links_are_followed_once(tmp_path: Path) -> None:
    draw_classes(tmp_path / "elsewhere", dog=5)
    draw_classes(tmp_path / "data", cat=5)
    (tmp_path / "data" / "dog").symlink_to(tmp_path / "elsewhere" / "dog")
    (tmp_path / "data" / "cat" / "all").symlink_to(tmp_path / "data")
    dataset = load_image_folder(tmp_path / "data")
    assert dataset.class_names == ("cat", "dog")
    assert sum(counts(dataset)) == 10  # not those of the link in `cat` to a folder above it


def test_the_file_system_does_not_decide_the_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import os

    draw_classes(tmp_path, cat=5, dog=5)
    before = load_image_folder(tmp_path)
    scandir = os.scandir

    class Backwards:
        def __init__(self, folder):
            self._entries = sorted(scandir(folder), key=lambda entry: entry.name, reverse=True)

        def __enter__(self):
            return iter(self._entries)

        def __exit__(self, *error):
            pass

    monkeypatch.setattr(os, "scandir", Backwards)
    assert load_image_folder(tmp_path).digest == before.digest


def test_the_same_image_in_two_splits_is_noted(tmp_path: Path) -> None:
    draw_classes(tmp_path / "train", a=4, b=4)
    draw(tmp_path / "test" / "a" / "x.png", 200)
    copy = tmp_path / "test" / "b" / "copy.png"
    copy.parent.mkdir()
    copy.write_bytes((tmp_path / "train" / "b" / "1.png").read_bytes())
    notes = load_image_folder(tmp_path).notes
    assert "1 image is both among the training and the test images: test/b/copy.png = train/b/1.png" in notes


def test_small_classes_are_noted(tmp_path: Path) -> None:
    draw_classes(tmp_path, a=5, b=1, c=4)
    assert load_image_folder(tmp_path).notes[-1] == "classes of fewer than 5 images: `b` (1), `c` (4)"


MISTAKES = {
    "images in the root": (
        ["1.png", "2.png"],
        "has images, but no subfolders for their classes",
        "labels.csv",
    ),
    "one class": (["cat/1.png", "cat/2.png"], "has images of one class only, `cat`", "at least two classes"),
    "one folder too high": (
        ["data/cat/1.png", "data/dog/2.png"],
        "has images of one class only, `data`",
        "name {root}/data",
    ),
    "one folder too high, with splits": (
        ["data/train/cat/1.png", "data/test/cat/2.png"],
        "has images of one class only, `data`",
        "name {root}/data",
    ),
    "no training images": (
        ["val/a/1.png", "test/a/1.png"],
        "has the folder test, but no folder train",
        "train/CLASS",
    ),
    "a class without training images": (
        ["train/a/1.png", "train/b/1.png", "test/a/1.png", "test/c/1.png"],
        "test has the class `c`, which {root}/train does not have",
        "every class needs training images",
    ),
    "two spellings": (
        ["train/a/1.png", "training/b/1.png", "test/a/1.png"],
        "has two folders for one split: train and training",
        "one folder",
    ),
    "splits without classes": (
        ["train/1.png", "test/2.png"],
        "train has images, but no subfolders for their classes",
        "{root}/train/CLASS/1.png",
    ),
    "a test beside the classes": (
        ["a/1.png", "b/1.png", "test/a/1.png", "test/b/1.png"],
        "has the class `a` twice: in a and in test/a",
        "train/CLASS",
    ),
    "one image of each class": (
        ["a/1.png", "b/1.png"],
        "{root} has too few images to hold out a fifth",
        "add images",
    ),
    "photographs of a telephone": (
        ["a/1.heif", "b/1.heif"],
        "has no images",
        "Pillow cannot read files such as a/1.heif",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_has_a_message_that_says_what_to_do(mistake: str, tmp_path: Path) -> None:
    files, message, hint = MISTAKES[mistake]
    for number, name in enumerate(files):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name.endswith(".heif"):
            path.write_bytes(b"")
        else:
            draw(path, number)
    said, advised = refusal(tmp_path)
    assert message.format(root=tmp_path) in said
    assert hint.format(root=tmp_path) in advised


@pytest.mark.parametrize(
    ("count", "unreadable", "skipped"), [(19, 1, False), (20, 1, True), (150, 2, True), (150, 3, False)]
)
def test_one_unreadable_file_in_a_hundred_is_skipped(
    count: int, unreadable: int, skipped: bool, tmp_path: Path
) -> None:
    for number in range(count):
        draw(tmp_path / "ab"[number % 2] / f"{number}.png", number)
    bad = [tmp_path / "ab"[number % 2] / f"{number}.png" for number in range(unreadable)]
    for path in bad:
        path.write_bytes(b"no image")
    if not skipped:
        assert "cannot be read as" in refusal(tmp_path)[0]
        return
    dataset = load_image_folder(tmp_path)
    assert sum(counts(dataset)) == count - unreadable
    assert "a/0.png (its format is unknown)" in dataset.notes[-1]


def test_a_skipped_file_does_not_move_others(tmp_path: Path) -> None:
    for number in range(100):
        draw(tmp_path / "ab"[number % 2] / f"{number}.png", number)
    before = set(load_image_folder(tmp_path).test.inputs[:, 0, 0, 0].tolist())
    (tmp_path / "a" / "0.png").write_bytes(b"")
    assert set(load_image_folder(tmp_path).test.inputs[:, 0, 0, 0].tolist()) == before - {0}
