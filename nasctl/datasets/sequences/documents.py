"""Makes a data set of documents: texts that have a label each, whatever file they come from.

A document becomes the numbers of its text tokens. Shorter documents are padded in front with -1, which the op `mask` of
the network reads as padding.
"""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.encoding import Encoding
from nasctl.datasets.reading import require_memory
from nasctl.datasets.sequences.parts import Parts, examples_of, labels_of, length_of, with_test
from nasctl.datasets.split import keys_of
from nasctl.datasets.texts.text import MOST_WORDS, UNKNOWN, Unit, Vocabulary
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

MOST_STEPS: Mapping[Unit, int] = {"words": 200, "chars": 400}
"""The greatest length of documents, in text tokens: time and memory of a training step are proportional to it."""
_USUAL = 0.95
"""The share of training documents that are not truncated, unless `MOST_STEPS` is smaller."""
_PADDING = -1


def documents_dataset(
    name: str,
    parts: Parts[str],
    unit: Unit,
    *,
    label: str = "the label",
    numbers: Sequence[str] = (),
    encoding: Encoding | None = None,
    notes: Sequence[str] = (),
) -> Dataset:
    """A data set of documents.

    The vocabulary is that of the training documents. Documents get the length that 95 % of the training documents do
    not exceed, at most `MOST_STEPS`; of longer ones the end is used.

    Args:
      name: The name with which `load` finds the data set.
      parts: The documents by split.
      unit: Whether text tokens are words or characters.
      label: What the labels are called in the file.
      numbers: The names of the numbers to predict; empty to let the labels decide.
      encoding: The encoding of a trained network that is to be measured, whose vocabulary and length are used.
      notes: Notes on what was read.

    Raises:
      NasctlError: A document is empty, or the labels cannot be used.
    """
    for split, part in parts.items():
        empty = [number for number, text in enumerate(part.sequences, start=1) if not text.strip()]
        if empty:
            raise NasctlError(
                f"{name}: document {empty[0]:,} of the {split} split is empty, and {len(empty):,} of "
                f"{len(part.sequences):,} are",
                hint="leave empty documents out",
            )
    labels = labels_of(name, parts, label=label, numbers=numbers)
    labelled, held_out = with_test(name, parts, labels, _keys)
    training = [document_tokens(text, unit) for text in labelled["train"].sequences]
    lengths = [len(document) for document in training]
    if encoding is None:
        vocabulary = document_vocabulary(training)
        steps = length_of(lengths, _USUAL, MOST_STEPS[unit])
    else:
        vocabulary, steps = encoding.vocabulary, encoding.steps
    require_memory(Path(name), 4 * steps * sum(len(part.sequences) for part in labelled.values()))
    numbered = {token: number for number, token in enumerate(vocabulary)}
    examples = examples_of(labelled, lambda texts: _encoded(texts, unit, numbered, steps), _keys)
    kind = "words" if unit == "words" else "characters"
    longer = sum(length > steps for length in lengths)
    cut = [f"of {longer:,} training documents that are longer, the end is used"] if longer else []
    length = f"documents are read up to {steps:,} {kind}; the vocabulary has {len(vocabulary):,}"
    return Dataset(
        name,
        InputKind.TEXT,
        examples["train"],
        examples["test"],
        labels.names,
        examples.get("validation"),
        labels.target,
        notes=(
            *notes,
            length,
            *cut,
            *_on_unknown(np.asarray(examples["train"].inputs), unit),
            *labels.notes,
            *held_out,
        ),
        vocabulary=vocabulary,
    )


def document_tokens(text: str, unit: Unit) -> list[str]:
    """The text tokens of a document.

    Words are in lower case, and each sign of punctuation is a word; so is each ideograph, as Chinese and Japanese have
    no blanks between words.

    >>> document_tokens("It's 3 o'clock. 東京!", "words")
    ['it', "'", 's', '3', 'o', "'", 'clock', '.', '東', '京', '!']
    >>> document_tokens("No\\n no", "chars")
    ['N', 'o', ' ', 'n', 'o']
    """
    text = unicodedata.normalize("NFC", text)
    if unit == "chars":
        return list(" ".join(text.split()))
    return text.lower().translate(_SPACED).split()


def document_vocabulary(documents: Iterable[Sequence[str]]) -> Vocabulary:
    """`<unk>`, and the most frequent text tokens of training documents, those that occur once left out.

    >>> document_vocabulary([["a", "b", "a"], ["b", "c", "a"]])
    ('<unk>', 'a', 'b')
    """
    counts = Counter(token for document in documents for token in document)
    repeated = sorted(
        (token for token, count in counts.items() if count > 1), key=lambda token: (-counts[token], token)
    )
    return UNKNOWN, *repeated[: MOST_WORDS - 1]


def _keys(texts: Sequence[str]) -> np.ndarray:
    return keys_of(text.encode("utf-8", "surrogatepass") for text in texts)


class _Spacing(dict[int, str]):
    """For `str.translate`: what each character becomes, so that words can be split at blanks."""

    def __missing__(self, code: int) -> str:
        character = chr(code)
        kind = unicodedata.category(character)[0]
        apart = kind in "PS" or _is_ideograph(code)
        spaced = f" {character} " if apart else character if kind in "LMN" else " "
        self[code] = spaced
        return spaced


_SPACED = _Spacing()


def _is_ideograph(code: int) -> bool:
    """Whether a character is one of Chinese or Japanese: kana, and the blocks of ideographs."""
    return any(
        low <= code <= high
        for low, high in ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x3FFFF))
    )


def _encoded(texts: Sequence[str], unit: Unit, numbered: Mapping[str, int], steps: int) -> np.ndarray:
    """The numbers of the text tokens of documents, (N, steps) as int32, with padding in front."""
    array = np.full((len(texts), steps), _PADDING, np.int32)
    for row, text in zip(array, texts, strict=True):
        kept = document_tokens(text, unit)[-steps:]
        if kept:
            row[steps - len(kept) :] = [numbered.get(token, 0) for token in kept]
    return array


def _on_unknown(train: np.ndarray, unit: Unit) -> list[str]:
    """A note if many words are not in the vocabulary."""
    present = train != _PADDING
    share = float((train[present] == 0).mean()) if present.any() else 0.0
    if unit == "chars" or share < 0.3:
        return []
    return [
        f"{100 * share:.0f} % of the words occur once only; with the prefix chars: they are read as characters"
    ]
