"""The data set `pydoc`: Python's reference manual, a text that every Python installation has for its `help()`.

The text is read from the standard library's `pydoc_data.topics` (Python Software Foundation License). It differs
slightly between versions of Python, so the data set's version is that of Python. Its full name, such as `pydoc:3.11.7`,
is stored in runs and checkpoints.
"""

from __future__ import annotations

import hashlib
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.preparation import prepare
from nasctl.datasets.split_names import SPLITS, SplitName
from nasctl.datasets.texts.text import (
    UNKNOWN,
    Lines,
    Unit,
    Vocabulary,
    split_lines,
    text_dataset,
)
from nasctl.errors import NasctlError

NAME = "pydoc"
VOCABULARY = 1_000
_DIGEST = "lines/sha256.txt"
SUMMARY = "Python's reference manual, 56,000 words in lower case, one sentence per line, N for numbers"


def python_version() -> str:
    """Returns the version of the running Python, which is that of its text."""
    return ".".join(map(str, sys.version_info[:3]))


def load_pydoc(
    data_dir: Path, unit: Unit, version: str = "", vocabulary: Vocabulary | None = None
) -> Dataset:
    """Loads the text, and prepares it first if necessary.

    Args:
      data_dir: The folder of prepared data sets.
      unit: Whether text tokens are words or characters.
      version: The version of the text; by default that of the running Python.
      vocabulary: The vocabulary; by default that of the training text.

    Raises:
      NasctlError: The version is neither prepared nor that of the running Python, or this Python has no manual.
    """
    version = version or python_version()
    folder = pydoc_folder(data_dir, version)
    lines = _read(folder)
    if lines is None:
        if version != python_version():
            raise NasctlError(
                f"the text {NAME}:{version} comes with Python {version}, but this is Python {python_version()}",
                hint=f"prepare it with Python {version} and copy its folder to {folder}, or train again on {NAME}",
            )
        lines = prepare(NAME, folder, data_dir, write=_write, read=_read)
    prefix = "" if unit == "words" else f"{unit}:"
    return text_dataset(f"{prefix}{NAME}:{version}", lines, unit, vocabulary)


def pydoc_folder(data_dir: Path, version: str = "") -> Path:
    """Returns the folder of the prepared text."""
    return data_dir / NAME / (version or python_version())


def _write(staging_dir: Path) -> Path:
    """Writes the text as ArrayRecord files of TFDS, and as plain text, which is read in milliseconds."""
    from nasctl.datasets.texts.text_builder import write_text  # imports TFDS

    splits = split_lines(list(sentences()))
    frequent = _most_frequent(splits["train"])
    texts = {split: [_without_rare(line, frequent) for line in splits[split]] for split in SPLITS}
    folder = write_text(NAME, python_version(), SUMMARY, texts, staging_dir)
    (folder / "lines").mkdir()
    for split in SPLITS:
        (folder / "lines" / f"{split}.txt").write_text("\n".join(texts[split]) + "\n", encoding="utf-8")
    (folder / _DIGEST).write_text(_digest(texts) + "\n", encoding="ascii")
    return folder


def _read(folder: Path) -> dict[SplitName, Lines] | None:
    """Reads the lines of each split; returns None if they are missing, truncated or changed."""
    try:
        lines: dict[SplitName, Lines] = {
            split: (folder / "lines" / f"{split}.txt").read_text(encoding="utf-8").splitlines()
            for split in SPLITS
        }
        expected = (
            (folder / _DIGEST).read_text(encoding="ascii").strip() if (folder / _DIGEST).exists() else ""
        )
    except (OSError, UnicodeDecodeError):
        return None
    return lines if expected in ("", _digest(lines)) else None  # version 0.1.0 wrote no digest


def _digest(lines: Mapping[SplitName, Lines]) -> str:
    return hashlib.sha256(repr([list(lines[split]) for split in SPLITS]).encode()).hexdigest()


def sentences() -> Iterator[str]:
    """Yields the sentences of the manual in the order of its topics, without repeated paragraphs.

    Raises:
      NasctlError: This Python has no manual.
    """
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise NasctlError(
            "this Python has no manual (the module pydoc_data.topics), which is the default text",
            hint="name another text with --dataset: a file, or a folder with train.txt, valid.txt and test.txt",
        ) from error
    seen: set[str] = set()
    for topic in sorted(topics):
        for paragraph in re.split(r"\n\s*\n", topics[topic]):
            text = " ".join(paragraph.split())
            if text not in seen:
                seen.add(text)
                for sentence in re.split(r"(?<=[.:!?]) (?=[A-Z\"*'(])", text):
                    if words := _words(sentence):
                        yield " ".join(words)


def _words(sentence: str) -> list[str]:
    """Splits a sentence into words in lower case, without punctuation and with N for numbers.

    The Penn Treebank of Mikolov has the same form.

    >>> _words("It's 3 times `__len__`; see PEP 484.")
    ["it's", 'N', 'times', 'len', 'see', 'pep', 'N']
    """
    words = re.findall(r"[a-z]+(?:[_'][a-z]+)*|\d+", sentence.lower())
    return ["N" if word.isdigit() else word for word in words]


def _most_frequent(lines: Lines) -> set[str]:
    """Returns the most frequent words: the vocabulary except for `<eos>` and `<unk>`."""
    counts = Counter(word for line in lines for word in line.split())
    return set(sorted(counts, key=lambda word: (-counts[word], word))[: VOCABULARY - 2])


def _without_rare(line: str, known: set[str]) -> str:
    return " ".join(word if word in known else UNKNOWN for word in line.split())
