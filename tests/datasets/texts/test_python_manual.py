from pathlib import Path

import pytest

from nasctl.datasets import load
from nasctl.datasets.image_builder import quiet
from nasctl.datasets.texts.python_manual import VOCABULARY, pydoc_folder, python_version
from nasctl.errors import NasctlError


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    load("pydoc", folder)
    return folder


def test_the_manual_has_words_or_characters_in_three_splits(data_dir: Path) -> None:
    words = load("pydoc", data_dir)
    assert words.name == f"pydoc:{python_version()}"
    assert words.classes == VOCABULARY
    assert words.validation is not None
    assert len(words.train) > 40_000
    assert min(len(words.validation), len(words.test)) > 4_000
    assert load("chars:pydoc", data_dir).classes < 50


def test_tfds_reads_the_prepared_text(data_dir: Path) -> None:
    import tensorflow_datasets as tfds

    with quiet():
        source = tfds.builder_from_directory(pydoc_folder(data_dir)).as_data_source(split="validation")
    lines = (pydoc_folder(data_dir) / "lines" / "validation.txt").read_text(encoding="utf-8").splitlines()
    assert [source[index]["text"].decode() for index in range(len(source))] == lines


def test_the_text_of_another_python_is_loaded_only_if_it_is_prepared(data_dir: Path) -> None:
    with pytest.raises(NasctlError, match=r"comes with Python 3\.0\.0"):
        load("pydoc:3.0.0", data_dir)
    pydoc_folder(data_dir).rename(pydoc_folder(data_dir, "3.0.0"))
    assert load("chars:pydoc:3.0.0", data_dir).name == "chars:pydoc:3.0.0"


def test_a_damaged_copy_is_prepared_again(tmp_path: Path) -> None:
    whole = load("pydoc", tmp_path)
    (pydoc_folder(tmp_path) / "lines" / "test.txt").unlink()
    assert (load("pydoc", tmp_path).test.labels == whole.test.labels).all()
