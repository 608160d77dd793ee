from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from nasctl.config import EARLIER_DATA
from nasctl.datasets import load
from nasctl.datasets.split import stratified_split
from nasctl.errors import NasctlError

pytestmark = pytest.mark.usefixtures("own_data_dir")


def draw(path: Path, value: int, *, size: tuple[int, int] = (6, 5), mode: str = "L") -> None:
    """Draws an image of one colour; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, value if mode == "L" else (value, 0, 0)).save(path)


def test_a_folder_for_each_class_is_a_data_set(tmp_path: Path) -> None:
    for index in range(10):
        draw(tmp_path / "cat" / f"{index}.png", index)
        draw(tmp_path / "dog" / f"{index}.png", 100 + index)
    dataset = load(str(tmp_path))
    assert dataset.class_names == ("cat", "dog")
    assert dataset.train.inputs.shape == (16, 5, 6, 1)
    assert dataset.train.inputs.dtype == np.uint8
    assert np.bincount(dataset.test.labels).tolist() == [2, 2]
    for examples in (dataset.train, dataset.test):
        assert np.array_equal(examples.inputs[:, 0, 0, 0] >= 100, examples.labels == 1)


def test_train_and_test_folders_are_kept_apart(tmp_path: Path) -> None:
    for split, count in (("train", 3), ("test", 2)):
        for index in range(count):
            draw(tmp_path / split / "a" / f"{index}.png", 1)
            draw(tmp_path / split / "b" / f"{index}.jpg", 9, mode="RGB")
    dataset = load(str(tmp_path))
    assert (len(dataset.train), len(dataset.test)) == (6, 4)
    assert dataset.train.inputs.shape[1:] == (5, 6, 3)


def test_an_image_of_another_size_is_resized(tmp_path: Path) -> None:
    for index in range(5):
        draw(tmp_path / "a" / f"{index}.png", 1)
        draw(tmp_path / "b" / f"{index}.png", 2)
    draw(tmp_path / "b" / "large.png", 2, size=(20, 20))
    assert load(str(tmp_path)).train.inputs.shape[1:] == (5, 5, 1)


def test_errors_name_the_folder_or_file(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="is no data set: it has no files"):
        load(str(tmp_path))
    draw(tmp_path / "a" / "1.png", 0)
    (tmp_path / "b").mkdir()
    with pytest.raises(NasctlError, match="b has no images"):
        load(str(tmp_path))
    (tmp_path / "b" / "2.png").write_bytes(b"no image")
    with pytest.raises(NasctlError, match=r"2\.png cannot be read"):
        load(str(tmp_path))


def test_earlier_versions_held_out_test_images_at_random(tmp_path: Path) -> None:
    for number in range(30):
        draw(tmp_path / "ab"[number % 2] / f"{number:02}.png", number)
    dataset = load(str(tmp_path), settings=EARLIER_DATA)
    ordered = [*range(0, 30, 2), *range(1, 30, 2)]
    kept, held_out = stratified_split(np.repeat([0, 1], 15), 6, seed=0)
    assert dataset.train.inputs[:, 0, 0, 0].tolist() == [ordered[index] for index in kept]
    assert dataset.test.inputs[:, 0, 0, 0].tolist() == [ordered[index] for index in held_out]
    assert dataset.train.keys is None
