"""Parquet files of images and labels, as the Hugging Face hub has them."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from nasctl.config import DataConfig
from nasctl.datasets import load
from nasctl.errors import NasctlError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (30, 9, 9, 3), np.uint8)
LABELS = [number % 3 for number in range(30)]


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def write(path: Path, columns: dict[str, Any], names: list[str] | None = None) -> None:
    pyarrow = pytest.importorskip("pyarrow")
    from pyarrow import parquet

    table = pyarrow.table(columns)
    if names is not None:
        features = {"label": {"names": names, "_type": "ClassLabel"}}
        table = table.replace_schema_metadata({"huggingface": json.dumps({"info": {"features": features}})})
    path.parent.mkdir(parents=True, exist_ok=True)
    parquet.write_table(table, path)


def files(images: np.ndarray = IMAGES) -> list[dict[str, object]]:
    return [{"bytes": png(image), "path": f"{number}.png"} for number, image in enumerate(images)]


@pytest.mark.parametrize("below", ["", "data"])
def test_a_set_of_the_hub_is_read_and_kept(
    tmp_path: Path, below: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for split in ("train", "validation", "test"):
        write(
            tmp_path / "set" / below / f"{split}-00000-of-00001.parquet",
            {"image": files(), "label": LABELS},
            ["cat", "dog", "hen"],
        )
    dataset = load(str(tmp_path / "set"), tmp_path / "cache")
    assert np.array_equal(dataset.train.inputs, IMAGES)
    assert dataset.validation is not None
    assert dataset.class_names == ("cat", "dog", "hen")
    assert dataset.image is not None
    assert "30 of the 30 images of the images of test are also in" in dataset.notes[-1]
    monkeypatch.setattr("nasctl.datasets.arrays.parquet_files.decode", None)
    assert np.array_equal(load(str(tmp_path / "set"), tmp_path / "cache").test.inputs, IMAGES)


def test_images_of_other_sizes_are_brought_to_one(tmp_path: Path) -> None:
    cells = [
        {"bytes": png(RNG.integers(0, 256, (8 + n % 3, 12, 3), np.uint8)), "path": None} for n in range(30)
    ]
    write(tmp_path / "a.parquet", {"image": cells, "label": LABELS})
    dataset = load(str(tmp_path / "a.parquet"), tmp_path, settings=DataConfig(image_size="6"))
    assert dataset.train.inputs.shape[1:] == (6, 6, 3)
    assert any("scaled and cropped to 6×6" in note for note in dataset.notes)


def test_splits_have_the_usual_spellings(tmp_path: Path) -> None:
    for split in ("training", "dev", "testing"):
        write(tmp_path / f"{split}-0.parquet", {"image": files(), "label": LABELS})
    dataset = load(str(tmp_path), tmp_path / "data")
    assert dataset.validation is not None
    assert (len(dataset.train), len(dataset.validation), len(dataset.test)) == (30, 30, 30)


def test_other_columns_of_images(tmp_path: Path) -> None:
    write(tmp_path / "bytes.parquet", {"img": [png(image) for image in IMAGES], "label": LABELS})
    assert load(str(tmp_path / "bytes.parquet"), tmp_path).train.inputs.shape[1:] == (9, 9, 3)
    write(tmp_path / "lists.parquet", {"image": IMAGES[..., 0].tolist(), "label": LABELS})
    assert load(str(tmp_path / "lists.parquet"), tmp_path).train.inputs.shape[1:] == (9, 9, 1)
    pixels = {f"pixel{number}": IMAGES[..., 0].reshape(30, 81)[:, number] for number in range(81)}
    write(tmp_path / "pixels.parquet", {"label": ["ab"[number % 2] for number in range(30)], **pixels})
    dataset = load(str(tmp_path / "pixels.parquet"), tmp_path)
    assert dataset.train.inputs.shape[1:] == (9, 9, 1)
    assert dataset.class_names == ("a", "b")


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"image": files()}, "no column called label"),
        ({"image": files(), "label": [None, *LABELS[1:]]}, "1 of 30 examples have no label"),
        ({"image": [None, *files()[1:]], "label": LABELS}, "the image of row 0 has no bytes"),
        ({"image": [{"bytes": b"x", "path": ""}, *files()[1:]], "label": LABELS}, "the image of row 0"),
        ({"a": [1.0] * 30, "label": LABELS}, "shape"),
        ({"a": ["x"] * 30, "label": LABELS}, "the column a has no numbers"),
        ({"a": [1] * 30, "b": [1] * 30, "label": LABELS}, "2 columns besides label, which are no square"),
    ],
)
def test_columns_that_cannot_be_used_are_named(tmp_path: Path, columns: dict[str, Any], message: str) -> None:
    write(tmp_path / "a.parquet", columns)
    with pytest.raises(NasctlError, match=message):
        load(str(tmp_path / "a.parquet"), tmp_path)


def test_a_folder_without_training_files_and_damaged_files_are_named(tmp_path: Path) -> None:
    write(tmp_path / "set" / "test-00000-of-00001.parquet", {"image": files(), "label": LABELS})
    with pytest.raises(NasctlError, match="no Parquet file of training examples"):
        load(str(tmp_path / "set"), tmp_path)
    (tmp_path / "b.parquet").write_bytes(b"PAR1 nothing")
    with pytest.raises(NasctlError, match=r"b\.parquet is not a Parquet file"):
        load(str(tmp_path / "b.parquet"), tmp_path)


def test_without_pyarrow_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.parquet").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(NasctlError, match="pyarrow is needed") as caught:
        load(str(tmp_path / "a.parquet"), tmp_path)
    assert "nasctl[parquet]" in caught.value.hint
