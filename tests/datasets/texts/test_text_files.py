from pathlib import Path

import pytest

from nasctl.datasets import load
from nasctl.errors import NasctlError


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.replace('_', '.')}.txt").write_text(text, encoding="utf-8")
    return folder


def test_a_folder_with_the_files_of_the_penn_treebank(tmp_path: Path) -> None:
    write(
        tmp_path,
        ptb_train=" the <unk> sat \n the dog N \n",
        ptb_valid=" the dog \n",
        ptb_test=" a cat \n",
    )
    dataset = load(str(tmp_path))
    assert (dataset.kind, dataset.name) == ("text", str(tmp_path))
    assert dataset.class_names == ("<eos>", "<unk>", "the", "N", "dog", "sat")
    assert [dataset.class_names[token] for token in dataset.test.labels] == ["<unk>", "<unk>", "<eos>"]


def test_a_folder_as_characters(tmp_path: Path) -> None:
    write(tmp_path, train="ab\nba\n", valid="a\nb\n", test="b\n")
    dataset = load(f"chars:{tmp_path}")
    assert dataset.name == f"chars:{tmp_path}"
    assert dataset.class_names == ("\n", "<unk>", "a", "b")
    assert len(dataset.train) == 6


def test_a_single_file_is_split_into_three_parts(tmp_path: Path) -> None:
    write(tmp_path, book="".join(f"line {number % 7}\n" for number in range(100)))
    dataset = load(str(tmp_path / "book.txt"))
    assert dataset.validation is not None
    assert [len(part) // 3 for part in (dataset.train, dataset.validation, dataset.test)] == [80, 10, 10]


def test_a_missing_split_is_named(tmp_path: Path) -> None:
    write(tmp_path, train="a b\n", test="a b\n")
    with pytest.raises(NasctlError, match=r"has no valid\.txt"):
        load(str(tmp_path))


def test_two_texts_in_one_folder_are_refused(tmp_path: Path) -> None:
    write(tmp_path, ptb_train="a\n", wiki_train="b\n")
    with pytest.raises(NasctlError, match=r"both ptb\.train\.txt and wiki\.train\.txt"):
        load(str(tmp_path))


def test_a_file_in_another_encoding_is_refused(tmp_path: Path) -> None:
    (tmp_path / "book.txt").write_bytes("ein Käse\n".encode("latin-1"))
    with pytest.raises(NasctlError, match=r"book\.txt is not UTF-8: byte 5 is 0xe4"):
        load(str(tmp_path / "book.txt"))


@pytest.mark.parametrize("name", ["book.txt", "chars:book", "words:book.txt"])
def test_a_missing_file_is_named(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NasctlError, match="does not exist"):
        load(name)
