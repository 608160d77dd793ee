"""A text as tokens: words or characters, a vocabulary, and three splits.

A text is lines, as in the files of Mikolov's Penn Treebank. Of words, each line is what stands between its blanks
and then `<eos>`; of characters, its characters and then the end of the line. What the training text does not hold
is `<unk>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind

Unit = Literal["words", "chars"]
TextSplit = Literal["train", "validation", "test"]
Lines = Sequence[str]

SPLITS: tuple[TextSplit, ...] = ("train", "validation", "test")
STEPS = 35
"""Tokens through which gradients flow back, and so the length of an example (Zaremba et al. 2014)."""
MOST_WORDS = 10_000
"""The vocabulary of Mikolov's Penn Treebank."""
BLOCKS = 20
UNKNOWN = "<unk>"
END: Mapping[Unit, str] = {"words": "<eos>", "chars": "\n"}


def text_dataset(name: str, lines: Mapping[TextSplit, Lines], unit: Unit) -> Dataset:
    """The data set of a text.

    Token 0 is the end of a line. Every token of a split is one example, the first of them after an end of a line.

    Args:
      name: How people ask for it.
      lines: The lines of each split.
      unit: What a token is.

    Raises:
      NasctlError: A split is empty, or its tokens are all the same.
    """
    tokens = {split: list(tokens_of(lines[split], unit)) for split in SPLITS}
    for split in SPLITS:
        if len(tokens[split]) < 2:
            raise NasctlError(
                f"{name} has no text to {_PURPOSE[split]}", hint="three splits need some lines each"
            )
    vocabulary = vocabulary_of(tokens["train"], unit)
    if len(vocabulary) < 3:
        raise NasctlError(f"the text of {name} says one thing only: there is nothing to predict")
    numbers = {token: number for number, token in enumerate(vocabulary)}
    unknown = numbers.get(UNKNOWN, 0)
    train, validation, test = (
        _examples(np.array([numbers.get(token, unknown) for token in tokens[split]], np.int32))
        for split in SPLITS
    )
    return Dataset(name, InputKind.TEXT, train, test, vocabulary, validation)


_PURPOSE: Mapping[TextSplit, str] = {"train": "learn from", "validation": "validate on", "test": "test on"}


def tokens_of(lines: Iterable[str], unit: Unit) -> Iterator[str]:
    """The tokens of lines.

    >>> list(tokens_of(["no more", "N"], "words"))
    ['no', 'more', '<eos>', 'N', '<eos>']
    >>> "".join(tokens_of(["no more", "N"], "chars"))
    'no more\\nN\\n'
    """
    for line in lines:
        yield from line.split() if unit == "words" else line.strip()
        yield END[unit]


def vocabulary_of(tokens: Sequence[str], unit: Unit) -> tuple[str, ...]:
    """The end of a line, `<unk>`, then the tokens of a training text, the most frequent first.

    >>> vocabulary_of(["b", "a", "b", "<eos>"], "words")
    ('<eos>', '<unk>', 'b', 'a')
    """
    counts = Counter(tokens)
    for token in (END[unit], UNKNOWN):
        counts.pop(token, None)
    known = sorted(counts, key=lambda token: (-counts[token], token))
    return END[unit], UNKNOWN, *islice(known, MOST_WORDS - 2)


def split_lines(lines: Lines) -> dict[TextSplit, Lines]:
    """Divides a text into 20 blocks, and of each block the first 8 tenths to learn from, one to validate, one to test.

    So each split is about all that the text is about, in pieces that are long enough to follow.

    >>> {split: len(part) for split, part in split_lines(["a line"] * 1000).items()}
    {'train': 800, 'validation': 100, 'test': 100}
    """
    blocks = max(1, min(BLOCKS, len(lines) // 10))
    edges = [len(lines) * tenth // (10 * blocks) for tenth in range(10 * blocks + 1)]
    parts: dict[TextSplit, list[str]] = {split: [] for split in SPLITS}
    for start in range(0, 10 * blocks, 10):
        parts["train"] += lines[edges[start] : edges[start + 8]]
        parts["validation"] += lines[edges[start + 8] : edges[start + 9]]
        parts["test"] += lines[edges[start + 9] : edges[start + 10]]
    return dict(parts)


def _examples(tokens: np.ndarray) -> Examples:
    return Examples(np.concatenate([np.zeros(1, np.int32), tokens[:-1]]), tokens)
