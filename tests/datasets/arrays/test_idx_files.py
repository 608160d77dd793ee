"""The files of MNIST are found by their folder and by name, and damaged ones are named."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import load
from nasctl.datasets.arrays import idx_files, idx_names
from nasctl.errors import NasctlError

RNG = np.random.default_rng(0)
CODES = {"u1": 8, "i1": 9, ">i2": 11, ">i4": 12, ">f4": 13, ">f8": 14}


def idx(array: np.ndarray, dtype: str = "u1") -> bytes:
    sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
    return bytes([0, 0, CODES[dtype], array.ndim]) + sizes + array.astype(dtype).tobytes()


def write(folder: Path, prefix: str = "", *, packed: bool = True, first: int = 0) -> np.ndarray:
    """Writes a data set of 30 and 10 images of two classes, and returns the training images."""
    folder.mkdir(parents=True, exist_ok=True)
    images = RNG.integers(0, 256, (40, 5, 4), np.uint8)
    labels = first + np.arange(40) % 2
    for stem, part in (("train", slice(30)), ("t10k", slice(30, 40))):
        for what, array in (("images-idx3-ubyte", images), ("labels-idx1-ubyte", labels)):
            content = idx(array[part])
            name = f"{prefix}{stem}-{what}" + (".gz" if packed else "")
            (folder / name).write_bytes(gzip.compress(content) if packed else content)
    return images[:30]


@pytest.mark.parametrize("packed", [True, False])
def test_a_folder_of_idx_files_is_a_data_set(tmp_path: Path, packed: bool) -> None:
    images = write(tmp_path, packed=packed)
    dataset = load(str(tmp_path))
    assert np.array_equal(dataset.train.inputs[..., 0], images)
    assert (len(dataset.test), dataset.classes, dataset.notes) == (10, 2, ())
    assert dataset.name == str(tmp_path)


@pytest.mark.parametrize("dtype", CODES)
def test_all_dtypes_are_read(tmp_path: Path, dtype: str) -> None:
    write(tmp_path, packed=False)
    images = RNG.integers(0, 100, (30, 5, 4))
    (tmp_path / "train-images-idx3-ubyte").write_bytes(idx(images, dtype))
    (tmp_path / "t10k-images-idx3-ubyte").write_bytes(idx(images[:10], dtype))
    assert np.array_equal(load(str(tmp_path)).train.inputs[..., 0], images)


@pytest.mark.parametrize("place", ["", "mnist", "MNIST/raw"])
def test_a_name_is_found_in_the_data_folder(tmp_path: Path, place: str) -> None:
    images = write(tmp_path / place)
    dataset = load("mnist", tmp_path)
    assert np.array_equal(dataset.train.inputs[..., 0], images)
    assert dataset.name == "mnist"


def test_a_name_is_found_where_packages_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "installed" / "fashion-mnist")
    monkeypatch.setattr(idx_names, "_INSTALLED", tmp_path / "installed")
    dataset = load("fashion_mnist", tmp_path / "data")
    assert dataset.class_names == ("T-shirt/top", "Trouser")


def test_files_that_tfds_prepared_come_first(tmp_path: Path) -> None:
    write(tmp_path)
    assert idx_names.folder_of_idx("mnist", tmp_path) == tmp_path
    (tmp_path / "mnist" / "3.0.1").mkdir(parents=True)
    (tmp_path / "mnist" / "3.0.1" / "dataset_info.json").write_text("{}", encoding="utf-8")
    assert idx_names.folder_of_idx("mnist", tmp_path) is None


def test_one_folder_may_have_several_data_sets(tmp_path: Path) -> None:
    write(tmp_path, "emnist-digits-")
    letters = write(tmp_path, "emnist-letters-", first=1)
    dataset = load("emnist/letters", tmp_path)
    assert np.array_equal(dataset.train.inputs[..., 0], letters)
    assert dataset.class_names == ("1", "2")
    with pytest.raises(NasctlError, match="several data sets: emnist-digits, emnist-letters"):
        load(str(tmp_path))


def test_fashion_mnist_is_known_by_its_labels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hashlib import sha256

    write(tmp_path)
    labels = (np.arange(30) % 2).astype(np.uint8)
    monkeypatch.setattr(idx_files, "_FASHION_LABELS", sha256(labels.tobytes()).hexdigest())
    assert load(str(tmp_path)).class_names == ("T-shirt/top", "Trouser")
    with pytest.raises(NasctlError, match="are those of Fashion-MNIST, and not of kmnist"):
        load("kmnist", tmp_path)


@pytest.mark.parametrize(
    ("name", "change", "message"),
    [
        ("train-images-idx3-ubyte", None, "has train-labels-idx1-ubyte, but not the images"),
        ("t10k-labels-idx1-ubyte", None, "has t10k-images-idx3-ubyte, but not the labels"),
        (
            "train-images-idx3-ubyte",
            lambda content: content[:-1],
            "its header says 600 bytes, but it has 599",
        ),
        ("train-images-idx3-ubyte", lambda content: content + b"1", "but it has 601"),
        ("train-images-idx3-ubyte", lambda content: content[:9], "it ends within its header"),
        ("train-images-idx3-ubyte", lambda content: b"", "it does not begin as one"),
        ("train-images-idx3-ubyte", lambda content: b"\x89PNG" + content, "it does not begin as one"),
        ("train-images-idx3-ubyte", gzip.compress, "it does not begin as one"),
    ],
)
def test_damaged_files_are_named(tmp_path: Path, name: str, change: object, message: str) -> None:
    write(tmp_path, packed=False)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if callable(change):
        path.write_bytes(change(content))
    with pytest.raises(NasctlError, match=message):
        load(str(tmp_path))


def test_a_damaged_archive_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(NasctlError, match=r"train-images-idx3-ubyte\.gz is not an idx file"):
        load(str(tmp_path))
    path.write_bytes(gzip.compress(bytes([0, 0, 8, 3]) + b"\x7f\xff\xff\xff" * 3))
    with pytest.raises(NasctlError, match="GB of memory"):
        load(str(tmp_path))


def test_an_unprepared_name_says_where_its_files_belong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("nasctl.datasets.tfds_datasets.why_unreachable", lambda url: "no connection")
    with pytest.raises(NasctlError, match="kmnist is not prepared") as caught:
        load("kmnist", tmp_path)
    assert "put its files train-images-idx3-ubyte.gz" in caught.value.hint
