"""A folder is recognised by what is in it, and a folder that is nothing is described."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasctl.datasets import load
from nasctl.datasets.folder_contents import FolderKind, look_into
from nasctl.errors import NasctlError


def fill(folder: Path, *files: str) -> Path:
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"")
    return folder


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        (("train.txt",), FolderKind.TEXT),
        (("ptb.train.txt", "ptb.test.txt"), FolderKind.TEXT),
        (("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz"), FolderKind.IDX),
        (("t10k-images.idx3-ubyte",), FolderKind.IDX),
        (("emnist-letters-train-images-idx3-ubyte",), FolderKind.IDX),
        (("x_train.npy", "y_train.npy"), FolderKind.ARRAYS),
        (("train-00000-of-00001.parquet", "README.md"), FolderKind.PARQUET),
        (("data/train-00000-of-00001.parquet",), FolderKind.PARQUET),
        (("cats/1.png", "dogs/2.JPG"), FolderKind.IMAGES),
        (("train/cats/deep/er/1.tiff",), FolderKind.IMAGES),
        (("1.webp",), FolderKind.IMAGES),
        (("labels.csv",), FolderKind.IMAGES),
        (("cats/1.png", "cats/1.txt"), FolderKind.IMAGES),
        (("pos/1.txt", "neg/2.txt"), FolderKind.DOCUMENTS),
        (("train/pos/1.txt",), FolderKind.DOCUMENTS),
        (("notes.md", ".hidden/1.png", ".DS_Store"), None),
        (("1.txt",), None),
        ((), None),
    ],
)
def test_a_folder_is_recognised_by_its_files(tmp_path: Path, files: tuple[str, ...], kind: object) -> None:
    assert look_into(fill(tmp_path, *files)).kind is kind


def test_links_are_followed_and_circles_end(tmp_path: Path) -> None:
    fill(tmp_path / "elsewhere", "1.png")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "cats").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "data" / "again").symlink_to(tmp_path / "data")
    assert look_into(tmp_path / "data").kind is FolderKind.IMAGES
    (tmp_path / "data" / "cats").unlink()
    assert look_into(tmp_path / "data").kind is None


@pytest.mark.parametrize(
    ("files", "message", "hint"),
    [
        (("a.md", "b.md", "c"), "it has 2 .md, 1 without an ending", "a folder can be"),
        (("src/a.py", "docs/b.py"), "it has the subfolders docs, src, 2 .py", "a folder can be"),
        (("images.zip",), "it has 1 .zip", "unpack the .zip file first"),
        (("data.npz",), "it has 1 .npz", "to use an .npz file, name the file"),
        ((), "it has no files", "train.txt"),
        (
            ("mnist/train-images-idx3-ubyte.gz",),
            "the subfolder mnist, 1 .gz",
            "its subfolder mnist is a data set: name",
        ),
    ],
)
def test_a_folder_that_is_nothing_is_described(
    tmp_path: Path, files: tuple[str, ...], message: str, hint: str
) -> None:
    with pytest.raises(NasctlError) as caught:
        load(str(fill(tmp_path, *files)))
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_a_file_of_no_kind_says_which_kinds_there_are(tmp_path: Path) -> None:
    with pytest.raises(NasctlError, match="is no file of a kind that nasctl reads") as caught:
        load(str(fill(tmp_path, "model.h5") / "model.h5"))
    assert "an .npz file" in caught.value.hint
