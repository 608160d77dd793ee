"""Arrays become a data set: their names, splits, overlaps and mistakes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pytest

from nasctl.config import DataConfig
from nasctl.datasets import Dataset, load
from nasctl.datasets.arrays import keys as array_keys
from nasctl.datasets.arrays.names import roles_of
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind

RNG = np.random.default_rng(0)


def images(count: int, *shape: int) -> np.ndarray:
    return RNG.integers(0, 256, (count, *(shape or (4, 4))), np.uint8)


def save(folder: Path, **arrays: object) -> str:
    np.savez(folder / "a.npz", **{name: np.asarray(array) for name, array in arrays.items()})
    return str(folder / "a.npz")


@pytest.mark.parametrize(
    "names",
    [
        "x_train y_train x_test y_test",
        "X_train y_train X_test y_test",
        "train_images train_labels test_images test_labels",
        "images_train labels_train images_test labels_test",
        "train-data train-targets test-data test-targets",
        "Xtrain ytrain Xtest ytest",
        "trainX trainY testX testY",
        "Xtraining ytraining Xtesting ytesting",
        "train_x train_y test_x test_y",
        "x_train labels_train x_test labels_test",
    ],
)
def test_usual_spellings(names: str) -> None:
    train, train_labels, test, test_labels = names.split()
    roles = roles_of("a.npz", names.split())
    assert roles.splits == {"train": (train, train_labels), "test": (test, test_labels)}
    assert roles.unused == []


@pytest.mark.parametrize(
    "names", ["images labels", "x y", "X Y", "data target", "features targets", "image label"]
)
def test_names_without_a_split(names: str) -> None:
    assert roles_of("a.npz", names.split()).splits == {"train": tuple(names.split())}


def test_arrays_that_name_no_split_are_for_training_beside_those_for_the_test() -> None:
    splits = roles_of("a.npz", ["x", "y", "x_test", "y_test"]).splits
    assert splits == {"train": ("x", "y"), "test": ("x_test", "y_test")}


@pytest.mark.parametrize(
    "validation", ["devX devY", "x_val y_val", "x_valid y_valid", "val_images val_labels", "X_dev y_dev"]
)
def test_a_validation_split_is_used(validation: str) -> None:
    inputs, labels = validation.split()
    roles = roles_of("a.npz", ["x_train", "y_train", inputs, labels])
    assert roles.splits["validation"] == (inputs, labels)


def test_images_are_preferred_to_data_and_others_are_unused() -> None:
    roles = roles_of("a.npz", ["data", "images", "target", "target_names", "DESCR"])
    assert roles.splits == {"train": ("images", "target")}
    assert roles.class_names == "target_names"
    assert roles.unused == ["data", "DESCR"]


@pytest.mark.parametrize(
    ("names", "message", "hint"),
    [
        ("x_train X_train y_train", "has both", "rename"),
        ("x_train", "lacks the labels of x_train", "y_train"),
        ("y", "lacks the images of y", "x_train"),
        ("arr_0 arr_1", "lacks x_train and y_train", "name the arrays when you write them"),
        ("foo bar", "lacks x_train and y_train", "there is foo, bar"),
        ("", "lacks x_train and y_train", "there is no array"),
    ],
)
def test_missing_arrays(names: str, message: str, hint: str) -> None:
    with pytest.raises(NasctlError, match=message) as caught:
        roles_of("a.npz", names.split())
    assert hint in caught.value.hint


def test_validation_and_unknown_arrays(tmp_path: Path) -> None:
    dataset = load(
        save(
            tmp_path, x_train=images(8), y_train=[0, 1] * 4, x_val=images(2), y_val=[1, 0],
            x_test=images(4), y_test=[0, 1, 1, 0], weights=[1.0],
        )
    )  # fmt: skip
    assert dataset.validation is not None
    assert dataset.validation.labels.tolist() == [1, 0]
    assert dataset.notes == ("weights is not used",)


def test_without_a_test_split_a_part_is_held_out_that_does_not_move(tmp_path: Path) -> None:
    inputs, labels = images(200), np.arange(200) % 4
    first = load(save(tmp_path, images=inputs[:150], labels=labels[:150]))
    later = load(save(tmp_path, images=inputs[::-1], labels=labels[::-1]))
    assert "examples are held out for the test" in first.notes[0]
    assert 15 < len(first.test) < 50
    assert set(range(4)) == set(first.test.labels.tolist()) == set(first.train.labels.tolist())

    def rows(dataset: Dataset, split: str) -> set[bytes]:
        return {example.tobytes() for example in getattr(dataset, split).inputs}

    assert rows(first, "test") <= rows(later, "test")
    assert rows(first, "train") <= rows(later, "train")


def test_test_images_without_labels_are_noted(tmp_path: Path) -> None:
    dataset = load(save(tmp_path, x_train=images(50), y_train=[0, 1] * 25, x_test=images(5)))
    assert dataset.notes[0] == "x_test is not used"


def test_test_images_in_the_training_set_are_counted(tmp_path: Path) -> None:
    train = images(20)
    path = save(
        tmp_path,
        x_train=train,
        y_train=[0, 1] * 10,
        x_test=np.r_[train[:3], images(2)],
        y_test=[0, 1, 0, 1, 1],
    )
    assert load(path).notes == ("3 of the 5 images of x_test are also in x_train",)


@pytest.mark.parametrize(
    ("arrays", "message", "hint"),
    [
        ({"x": np.zeros(6, int), "y": images(6)}, "x has the shape", "swapped"),
        ({"x": images(6), "y": [0, 1]}, "6 images, but y has 2 labels", "each image needs one label"),
        ({"x": images(8, 8, 3, 9), "y": [0, 1, 2] * 3}, "8 images, but y has 9", "last axis"),
        ({"x": images(6), "y": np.eye(2, 6)}, "6 images, but y has 2", "y.T"),
        ({"x": images(6), "y": 3}, "y has the shape", ""),
        ({"x": images(1), "y": [0]}, "only one class", "at least two"),
        ({"x": images(2) * 0, "y": [0, 1]}, "too few different ones", "add examples"),
        (
            {"x_train": images(6), "y_train": [0, 1], "x_test": images(2), "y_test": [0] * 6},
            "6 images, but y_train has 2",
            "as many labels as x_test has images",
        ),
        ({"x": images(4), "y": [0, 1, 0, 1], "class_names": [1, 2]}, "class_names has the dtype", "strings"),
    ],
)
def test_mistakes(tmp_path: Path, arrays: dict[str, object], message: str, hint: str) -> None:
    with pytest.raises(NasctlError, match=message) as caught:
        load(save(tmp_path, **arrays))
    assert hint in caught.value.hint


def test_other_targets_are_held_out_too(tmp_path: Path) -> None:
    numbers = load(save(tmp_path, x=images(50), y=RNG.random(50)))
    assert numbers.target is TargetKind.NUMBERS
    assert numbers.test.labels.shape == (len(numbers.test), 1)
    several = load(save(tmp_path, x=images(50), y=RNG.integers(0, 2, (50, 3))))
    assert several.target is TargetKind.LABELS


def test_a_folder_of_npy_files_is_mapped(tmp_path: Path) -> None:
    inputs = images(20, 4, 4, 3)
    for name, array in {
        "x_train": inputs, "y_train": np.arange(20) % 2, "x_test": images(4, 4, 4, 3),
        "y_test": np.array([0, 1, 0, 1]), "class_names": np.array(["cat", "dog"]),
    }.items():  # fmt: skip
        np.save(tmp_path / f"{name}.npy", array)
    dataset = load(str(tmp_path))
    assert np.array_equal(dataset.train.inputs, inputs)
    assert not dataset.train.inputs.flags.owndata
    assert not dataset.train.inputs.flags.writeable
    assert dataset.class_names == ("cat", "dog")
    with pytest.raises(NasctlError, match=r"x_train\.npy is one array") as caught:
        load(str(tmp_path / "x_train.npy"))
    assert "name its folder" in caught.value.hint


def test_a_large_array_that_is_not_compressed_is_mapped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasctl.datasets.arrays.npz_file._MAPPED", 100)
    inputs = images(40, 8, 8)
    path = save(tmp_path, x=inputs, y=np.arange(40) % 2, z=np.asfortranarray(images(30, 4)))
    assert zipfile.ZipFile(path).infolist()[0].compress_type == 0
    dataset = load(path)
    assert {example.tobytes() for example in dataset.train.inputs} | {
        example.tobytes() for example in dataset.test.inputs
    } == {example.tobytes() for example in inputs}
    content = bytearray(Path(path).read_bytes())
    content[2000] ^= 1
    Path(path).write_bytes(content)
    with pytest.raises(NasctlError, match="Bad CRC-32|checksum"):
        load(path)


@pytest.mark.parametrize(
    "content", [b"", b"\x93NUMPY", b"not an array", b"\x93NUMPY\x01\x00\x10\x00{'descr': '<f8'"]
)
def test_damaged_npy_files_are_named(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.npy").write_bytes(content)
    np.save(tmp_path / "y.npy", [0, 1])
    with pytest.raises(NasctlError, match=r"x\.npy is not an \.npy file"):
        load(str(tmp_path))


def test_the_digest_is_that_of_the_content_wherever_the_file_is(tmp_path: Path) -> None:
    inputs, labels = images(20), np.arange(20) % 2
    (tmp_path / "elsewhere").mkdir()
    first = load(save(tmp_path, x=inputs, y=labels))
    moved = load(save(tmp_path / "elsewhere", images=inputs, labels=labels))
    assert first.digest == moved.digest != ""
    changed = inputs.copy()
    changed[3, 1, 1] ^= 1
    assert load(save(tmp_path, x=changed, y=labels)).digest != first.digest
    assert load(save(tmp_path, x=inputs, y=1 - labels)).digest != first.digest


def test_the_keys_of_a_large_map_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(array_keys, "_KEPT", 100)
    inputs = images(40)
    np.save(tmp_path / "x.npy", inputs)
    np.save(tmp_path / "y.npy", np.arange(40) % 2)
    first = load(str(tmp_path))
    (kept,) = (tmp_path / "cache" / "nasctl" / "keys").iterdir()
    with monkeypatch.context() as context:
        context.setattr(array_keys, "keys_of_arrays", None)
        assert load(str(tmp_path)).digest == first.digest
    kept.write_bytes(b"damaged")
    assert load(str(tmp_path)).digest == first.digest
    inputs[0] ^= 1
    np.save(tmp_path / "x.npy", inputs)
    assert load(str(tmp_path)).digest != first.digest


def test_a_size_is_refused_for_arrays_of_another_size(tmp_path: Path) -> None:
    path = save(tmp_path, x=images(40, 6, 4), y=np.arange(40) % 2)
    assert load(path, settings=DataConfig(image_size="6x4")).notes
    with pytest.raises(NasctlError, match="arrays of 6×4 pixels, and not of 64×64"):
        load(path, settings=DataConfig(image_size="64"))


def test_the_digest_does_not_depend_on_the_numbers_of_the_classes(tmp_path: Path) -> None:
    inputs, labels = images(30), np.arange(30) % 3
    names = ["cat", "dog", "hen"]
    first = load(save(tmp_path, x=inputs, y=labels, class_names=names))
    other = load(save(tmp_path, x=inputs, y=2 - labels, class_names=names[::-1]))
    swapped = load(save(tmp_path, x=inputs, y=2 - labels, class_names=names))
    assert first.digest == other.digest != swapped.digest
