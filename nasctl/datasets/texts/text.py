"""Turns a text into text tokens: words or characters, a vocabulary, and three splits.

A text is a sequence of lines, as in Mikolov's Penn Treebank. As words, each line is split at blanks and followed by
`<eos>`. As characters, each line is followed by a line break. Text tokens that the training text does not have become
`<unk>`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Literal

import numpy as np

from nasctl.datasets.dataset import Dataset, Examples
from nasctl.datasets.split_names import SPLITS, SplitName
from nasctl.errors import NasctlError
from nasctl.input_kind import InputKind
from nasctl.target_kind import TargetKind

Unit = Literal["words", "chars"]
Lines = Sequence[str]
Vocabulary = tuple[str, ...]

STEPS = 35
"""Time steps of truncated backpropagation, and thus the number of text tokens of an input (Zaremba et al. 2014)."""
MOST_WORDS = 10_000
"""The largest vocabulary; that of Mikolov's Penn Treebank has this size."""
BLOCKS = 20
"""Blocks of a text, each of which is divided between the splits."""
UNKNOWN = "<unk>"
END: Mapping[Unit, str] = {"words": "<eos>", "chars": "\n"}


def text_dataset(
    name: str, lines: Mapping[SplitName, Lines], unit: Unit, vocabulary: Vocabulary | None = None
) -> Dataset:
    """Creates the data set of a text.

    Each text token of a split is one example, which is predicted from the tokens before it. The first one is preceded
    by the end of a line, which has the number 0.

    Args:
      name: The name with which `load` finds the data set.
      lines: The lines of each split.
      unit: Whether text tokens are words or characters.
      vocabulary: The text tokens 0, 1, …; by default those of the training text. To measure a network on another text,
        give the vocabulary that it was trained with.

    Raises:
      NasctlError: A split has fewer than two text tokens, the training text has no word except `<unk>`, or the
        vocabulary consists of the other kind of text tokens.
    """
    tokens = {split: list(text_tokens(lines[split], unit)) for split in SPLITS}
    for split in SPLITS:
        if len(tokens[split]) < 2:
            raise NasctlError(
                f"{name} has no text for the {_PURPOSE[split]} split",
                hint="each of the three splits needs a few lines",
            )
    if vocabulary is None:
        vocabulary = vocabulary_of(tokens["train"], unit)
    elif vocabulary[:1] != (END[unit],):
        known, other = ("characters", "words") if unit == "words" else ("words", "characters")
        raise NasctlError(
            f"the vocabulary consists of {known}, and {name} is read as {other}",
            hint=f"name it with the prefix {'chars' if unit == 'words' else 'words'}:",
        )
    if len(vocabulary) < 3:
        raise NasctlError(
            f"the training text of {name} has no word except {UNKNOWN}",
            hint="a language model needs words to predict",
        )
    numbers = {token: number for number, token in enumerate(vocabulary)}
    unknown = numbers.get(UNKNOWN, 0)
    train, validation, test = (
        _examples(np.array([numbers.get(token, unknown) for token in tokens[split]], np.int32))
        for split in SPLITS
    )
    return Dataset(name, InputKind.TEXT, train, test, vocabulary, validation, TargetKind.TOKEN)


_PURPOSE: Mapping[SplitName, str] = {"train": "training", "validation": "validation", "test": "test"}


def text_tokens(lines: Iterable[str], unit: Unit) -> Iterator[str]:
    """Yields the text tokens of lines.

    Args:
      lines: The lines, without line breaks.
      unit: Whether text tokens are words or characters.

    >>> list(text_tokens(["no more", "N"], "words"))
    ['no', 'more', '<eos>', 'N', '<eos>']
    >>> "".join(text_tokens(["no more", "N"], "chars"))
    'no more\\nN\\n'
    """
    for line in lines:
        yield from line.split() if unit == "words" else line.strip()
        yield END[unit]


def vocabulary_of(tokens: Sequence[str], unit: Unit) -> Vocabulary:
    """Lists the vocabulary: the end of a line, `<unk>`, and the text tokens of a training text by descending frequency.

    Args:
      tokens: The text tokens of the training text.
      unit: Whether they are words or characters.

    >>> vocabulary_of(["b", "a", "b", "<eos>"], "words")
    ('<eos>', '<unk>', 'b', 'a')
    """
    counts = Counter(tokens)
    for token in (END[unit], UNKNOWN):
        counts.pop(token, None)
    known = sorted(counts, key=lambda token: (-counts[token], token))
    return END[unit], UNKNOWN, *islice(known, MOST_WORDS - 2)


def split_lines(lines: Lines) -> dict[SplitName, Lines]:
    """Splits a text 8 : 1 : 1 into training, validation and test lines.

    The text is divided into 20 blocks, and each block is split in this ratio. Every split thus covers all subjects of
    the text, in passages that are long enough for context. Texts of fewer than 200 lines have fewer blocks.

    >>> {split: len(part) for split, part in split_lines(["a line"] * 1000).items()}
    {'train': 800, 'validation': 100, 'test': 100}
    """
    blocks = max(1, min(BLOCKS, len(lines) // 10))
    edges = [len(lines) * tenth // (10 * blocks) for tenth in range(10 * blocks + 1)]
    parts: dict[SplitName, list[str]] = {split: [] for split in SPLITS}
    for start in range(0, 10 * blocks, 10):
        parts["train"] += lines[edges[start] : edges[start + 8]]
        parts["validation"] += lines[edges[start + 8] : edges[start + 9]]
        parts["test"] += lines[edges[start + 9] : edges[start + 10]]
    return dict(parts)


def _examples(tokens: np.ndarray) -> Examples:
    return Examples(np.concatenate([np.zeros(1, np.int32), tokens[:-1]]), tokens)
