"""Documents from tables, JSON lines and folders: their text tokens, labels and splits, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

from nasctl.datasets import Dataset, Encoding, load
from nasctl.datasets.sequences.documents import document_tokens
from nasctl.errors import NasctlError
from nasctl.target_kind import TargetKind

ROWS = [
    (f"{mood}{number} is {mood} and again {mood}.", mood) for number in range(20) for mood in ("bad", "good")
]


def texts(dataset: Dataset, split: str = "train") -> list[str]:
    """The documents of a split, as far as the vocabulary knows them."""
    inputs = getattr(dataset, split).inputs
    return [" ".join(dataset.vocabulary[token] for token in row[row >= 0]) for row in inputs]


def table(path: Path, rows: list[tuple[str, ...]], names: str = "text,label") -> Path:
    quoted = (",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows)
    path.write_text("\n".join([names, *quoted]), encoding="utf-8")
    return path


def json_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("\n".join(map(json.dumps, rows)) + "\n", encoding="utf-8")
    return path


def folder(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    return root


def refused(name: str, what: str) -> str:
    with pytest.raises(NasctlError, match=what) as caught:
        load(name)
    return caught.value.hint


def test_a_table_of_texts_and_labels(tmp_path: Path) -> None:
    loaded = load(f"documents:{table(tmp_path / 'a.csv', ROWS)}")
    assert (loaded.kind, loaded.target, loaded.class_names) == ("text", TargetKind.CLASS, ("bad", "good"))
    assert set(loaded.vocabulary) == {"<unk>", ".", "again", "and", "is", "bad", "good"}
    assert len(loaded.train) + len(loaded.test) == 40
    for text, label in zip(texts(loaded), loaded.train.labels, strict=True):
        assert text == f"<unk> is {loaded.class_names[label]} and again {loaded.class_names[label]} ."


def test_documents_are_padded_in_front_and_the_end_of_long_ones_is_used(tmp_path: Path) -> None:
    rows = [(f"{'a ' * (number % 4)}b {number}", "xy"[number % 2]) for number in range(40)]
    rows.append((f"{'a ' * 500}c", "x"))
    loaded = load(f"documents:{table(tmp_path / 'a.csv', rows)}")
    assert loaded.train.inputs.shape[1] == 5
    assert all((np.diff((row >= 0).astype(int)) >= 0).all() for row in loaded.train.inputs)
    assert "a a a a <unk>" in texts(loaded) + texts(loaded, "test")


def test_words_of_any_script() -> None:
    assert document_tokens("Größe—ÉTÉ, हिन्दी नमस्ते สวัสดี", "words") == [
        "größe", "—", "été", ",", "हिन्दी", "नमस्ते", "สวัสดี",
    ]  # fmt: skip
    assert document_tokens("e\u0301\t\n x", "chars") == ["é", " ", "x"]
    assert document_tokens("日本語 is 2", "words") == ["日", "本", "語", "is", "2"]


def test_characters(tmp_path: Path) -> None:
    loaded = load(f"chars:{table(tmp_path / 'a.csv', ROWS)}")
    assert loaded.name == f"chars:{tmp_path / 'a.csv'}"
    assert set("badgoisn .") <= set(loaded.vocabulary)


def test_json_lines_with_numbers_to_predict_and_splits(tmp_path: Path) -> None:
    rows: list[dict[str, object]] = [
        {"text": f"a b {number}", "target": number, "split": "test" if number == 3 else "train"}
        for number in range(5)
    ]
    loaded = load(str(json_lines(tmp_path / "a.jsonl", rows)))
    assert (loaded.target, loaded.class_names) == (TargetKind.NUMBERS, ("target",))
    assert (loaded.train.labels[:, 0].tolist(), loaded.test.labels.tolist()) == ([0, 1, 2, 4], [[3]])


def test_folders_of_classes(tmp_path: Path) -> None:
    root = folder(
        tmp_path / "set",
        {f"{mood}/{number}.txt": f"{mood} {number}" for mood in ("bad", "good") for number in range(9)},
    )
    loaded = load(str(root))
    assert loaded.class_names == ("bad", "good")
    assert len(loaded.train) + len(loaded.test) == 18


def test_folders_of_splits_and_classes_as_those_of_imdb(tmp_path: Path) -> None:
    files = {
        f"{split}/{mood}/{number}_{number}.txt": f"{split} {mood}"
        for split in ("train", "test")
        for mood in ("neg", "pos")
        for number in range(2)
    }
    root = folder(
        tmp_path / "aclImdb", {**files, "train/unsup/0_0.txt": "no label", "README": "!", "notes.txt": "-"}
    )
    loaded = load(str(root))
    assert (loaded.class_names, len(loaded.train), len(loaded.test)) == (("neg", "pos"), 4, 4)
    assert any("train/unsup is not used: its documents have no label" in note for note in loaded.notes)
    assert set(texts(loaded)) == {"train neg", "train pos"}


def test_files_of_splits(tmp_path: Path) -> None:
    table(tmp_path / "train.csv", ROWS[:10])
    table(tmp_path / "test.csv", ROWS[10:14])
    loaded = load(f"documents:{tmp_path}")
    assert (len(loaded.train), len(loaded.test)) == (10, 4)


def test_documents_to_measure_are_read_with_the_vocabulary_of_the_training(tmp_path: Path) -> None:
    path = table(tmp_path / "a.csv", ROWS)
    encoding = Encoding(("bad", "good"), vocabulary=("<unk>", "is", "bad"), steps=3)
    loaded = load(f"documents:{path}", encoding=encoding)
    assert loaded.vocabulary == encoding.vocabulary
    assert set(texts(loaded)) == {"<unk> bad <unk>", "<unk> <unk> <unk>"}


@pytest.mark.parametrize(
    ("rows", "names", "what"),
    [
        ([("a", "b")], "body text,other", "is no table of documents: its columns are body text, other"),
        ([("a", "x"), (" ", "y")], "text,label", "document 2 of the train split is empty"),
        ([("a", "x"), ("b", "")], "text,label", "is empty"),
        ([("a b", "x"), ("c d", "x")], "text,label", "has only one class"),
        ([("a b", "")], "text,target", "is not a finite number"),
    ],
)
def test_what_a_table_may_not_have(
    tmp_path: Path, rows: list[tuple[str, ...]], names: str, what: str
) -> None:
    refused(f"documents:{table(tmp_path / 'a.csv', rows, names)}", what)


def test_what_json_lines_may_not_have(tmp_path: Path) -> None:
    refused(
        str(json_lines(tmp_path / "a.jsonl", [{"text": "a", "label": None}])), "document 1 has no text or no"
    )
    (tmp_path / "b.jsonl").write_text('{"text": "a", "label": "x"}\n{oops\n')
    refused(str(tmp_path / "b.jsonl"), "b.jsonl:2.* this is not JSON")
    split = [{"text": "a", "label": "x"}, {"text": "b", "label": "y", "split": "test"}]
    refused(str(json_lines(tmp_path / "d.jsonl", split)), "in the column split is no split")
    (tmp_path / "c.jsonl").write_text("[1]\n")
    refused(str(tmp_path / "c.jsonl"), "c.jsonl:1: this line is no JSON object")
