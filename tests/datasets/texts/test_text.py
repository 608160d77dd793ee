import numpy as np
import pytest

from nasctl.datasets.texts.text import END, split_lines, text_dataset
from nasctl.errors import NasctlError

LINES = {"train": ["the cat sat", "the dog"], "validation": ["the mouse sat"], "test": ["dog the"]}


def text_of(dataset, examples) -> list[str]:
    return [dataset.class_names[token] for token in examples.labels]


def test_every_text_token_is_predicted_from_the_one_before_it() -> None:
    dataset = text_dataset("cats", LINES, "words")
    assert text_of(dataset, dataset.train) == ["the", "cat", "sat", "<eos>", "the", "dog", "<eos>"]
    assert dataset.class_names[dataset.train.inputs[0]] == "<eos>"
    np.testing.assert_array_equal(dataset.train.inputs[1:], dataset.train.labels[:-1])


def test_words_missing_from_the_training_text_are_unknown() -> None:
    dataset = text_dataset("cats", LINES, "words")
    assert text_of(dataset, dataset.validation) == ["the", "<unk>", "sat", "<eos>"]
    assert dataset.class_names == ("<eos>", "<unk>", "the", "cat", "dog", "sat")


def test_a_text_as_characters() -> None:
    dataset = text_dataset("cats", LINES, "chars")
    assert "".join(text_of(dataset, dataset.train)) == "the cat sat\nthe dog\n"
    assert dataset.class_names[0] == END["chars"]


def test_every_line_is_in_exactly_one_split_and_in_order() -> None:
    lines = [str(number) for number in range(1013)]
    parts = split_lines(lines)
    assert sorted((line for part in parts.values() for line in part), key=int) == lines
    assert all(list(part) == sorted(part, key=int) for part in parts.values())
    assert [len(parts[split]) for split in ("train", "validation", "test")] == pytest.approx(
        [810, 101, 101], abs=10
    )


def test_an_empty_split_is_named() -> None:
    with pytest.raises(NasctlError, match="no text for the validation split"):
        text_dataset("cats", {**LINES, "validation": []}, "words")


def test_a_training_text_of_unknown_words_is_refused() -> None:
    with pytest.raises(NasctlError, match="no word except <unk>"):
        text_dataset("cats", {**LINES, "train": ["<unk> <unk>"]}, "words")
