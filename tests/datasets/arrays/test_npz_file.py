from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import load
from nasctl.errors import NasctlError


def arrays(**changed: object) -> dict[str, np.ndarray]:
    """The arrays of a small valid data set, with some replaced; None removes one."""
    whole = {
        "x_train": np.arange(6 * 4 * 4, dtype=np.uint8).reshape(6, 4, 4),
        "y_train": np.array([0, 1, 2, 0, 1, 2]),
        "x_test": np.ones((2, 4, 4), np.uint8),
        "y_test": np.array([2, 0]),
    }
    whole.update(changed)  # type: ignore[arg-type]
    return {name: array for name, array in whole.items() if array is not None}


def test_an_npz_file_is_a_data_set(tmp_path: Path) -> None:
    np.savez(tmp_path / "mine.npz", **arrays())
    dataset = load(str(tmp_path / "mine.npz"))
    assert dataset.train.inputs.shape == (6, 4, 4, 1)
    assert dataset.train.inputs.dtype == np.uint8
    assert dataset.test.labels.tolist() == [2, 0]
    assert dataset.class_names == ("0", "1", "2")


def test_a_file_without_arrays_is_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz")
    with pytest.raises(NasctlError, match="it has no arrays"):
        load(str(tmp_path / "a.npz"))


def test_the_name_of_the_data_set_is_an_absolute_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    np.savez(tmp_path / "mine.npz", **arrays())
    monkeypatch.chdir(tmp_path)
    name = load("mine.npz").name
    monkeypatch.chdir("/")
    assert load(name).classes == 3


def test_labels_may_be_a_column_and_pixels_any_number(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "a.npz",
        **arrays(
            x_train=np.zeros((6, 4, 4, 3)),
            x_test=np.zeros((2, 4, 4, 3)),
            y_train=np.array([[0], [1], [2], [0], [1], [2]], np.int8),
            class_names=np.array(["cat", "dog", "cow"]),
        ),
    )
    dataset = load(str(tmp_path / "a.npz"))
    assert dataset.train.inputs.dtype == np.float32
    assert dataset.train.labels.dtype == np.int32
    assert dataset.class_names == ("cat", "dog", "cow")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"y_train": None}, "lacks the labels of x_train"),
        ({"x_train": None, "y_train": None}, "lacks x_train and y_train"),
        ({"x_train": np.zeros((6, 16)), "x_test": np.zeros((2, 16))}, r"x_train has the shape \(6, 16\)"),
        ({"y_train": np.zeros(5, int)}, "6 images, but y_train has 5 labels"),
        ({"y_train": np.array([0, 1, 3, 0, 1, 3])}, "y_test has the label 2, which y_train does not"),
        ({"y_train": np.zeros(6, int)}, "only one class"),
        ({"y_train": np.array([0.0, 1, 2, 0, 1, np.nan])}, "NaN or infinite, the first of example 5"),
        ({"y_train": np.array([0j, 1, 2, 0, 1, 2])}, "y_train has the dtype complex128"),
        ({"y_test": np.array([0, 7])}, "the label 7, which y_train does not"),
        ({"x_test": np.zeros((2, 5, 5), np.uint8)}, "x_test has"),
        ({"x_train": np.full((6, 4, 4), np.nan), "x_test": np.zeros((2, 4, 4))}, "NaN or infinite"),
        ({"x_train": np.array([["a" * 4] * 4] * 6)[:, :, None].repeat(4, 2)}, "has the dtype <U4"),
        ({"class_names": np.array(["a", "b"])}, "class_names has 2 names"),
        ({"x_test": np.zeros((0, 4, 4), np.uint8), "y_test": np.zeros(0, int)}, "x_test has the shape"),
    ],
)
def test_errors_name_the_array(tmp_path: Path, changed: dict[str, object], message: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays(**changed))
    with pytest.raises(NasctlError, match=message):
        load(str(tmp_path / "bad.npz"))


def test_other_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.npz"
    with pytest.raises(NasctlError, match="does not exist"):
        load(str(path))
    path.write_bytes(b"not a zip")
    with pytest.raises(NasctlError, match=r"not an \.npz file"):
        load(str(path))
    np.savez(path, **arrays())
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(NasctlError, match=r"not an \.npz file"):
        load(str(path))


def test_pickled_objects_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "x.npz", **arrays(x_train=np.array([{}] * 6, object)))
    with pytest.raises(NasctlError, match="not a file of plain arrays: x_train has the dtype object"):
        load(str(tmp_path / "x.npz"))
