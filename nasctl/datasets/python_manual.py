"""The embedded text: Python's own reference manual, as every Python carries it for its `help()`.

Nothing is copied: the text is read from the standard library's `pydoc_data.topics` (Python Software Foundation
License) of the Python that runs, and differs a little from version to version. The data set's version is therefore
that of Python, `pydoc:3.11.7`, and stands in every checkpoint and run.
"""

from __future__ import annotations

import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from nasctl.datasets.dataset import Dataset
from nasctl.datasets.prepared import prepare
from nasctl.datasets.text import SPLITS, UNKNOWN, Lines, TextSplit, Unit, split_lines, text_dataset
from nasctl.errors import NasctlError

NAME = "pydoc"
VOCABULARY = 1_000
SUMMARY = "the reference manual that comes with Python, 56,000 words; one sentence a line, lower case, N for numbers"


def python_version() -> str:
    """The version of the text that this Python has."""
    return ".".join(map(str, sys.version_info[:3]))


def load_pydoc(data_dir: Path, unit: Unit, version: str = "") -> Dataset:
    """The embedded text, prepared under `data_dir` if it is not yet.

    Args:
      data_dir: Where data sets are kept.
      unit: What a token is.
      version: Of the text; that of this Python unless given.

    Raises:
      NasctlError: It is a version that is not prepared and that this Python does not have.
    """
    version = version or python_version()
    folder = pydoc_folder(data_dir, version)
    lines = _read(folder)
    if lines is None:
        if version != python_version():
            raise NasctlError(
                f"the text {NAME}:{version} comes with Python {version}, and this is Python {python_version()}",
                hint=f"prepare it once under that Python and bring {folder} here, or train again on {NAME}",
            )
        lines = prepare(NAME, folder, data_dir, write=_write, read=_read)
    prefix = "" if unit == "words" else f"{unit}:"
    return text_dataset(f"{prefix}{NAME}:{version}", lines, unit)


def pydoc_folder(data_dir: Path, version: str = "") -> Path:
    """Where the text is, once prepared."""
    return data_dir / NAME / (version or python_version())


def _write(workplace: Path) -> Path:
    """Writes the text as TFDS's ArrayRecord files and, to be read in milliseconds, as it is."""
    from nasctl.datasets.text_builder import write_text  # imports TFDS

    splits = split_lines(list(sentences()))
    known = _most_frequent(splits["train"])
    texts = {split: [_without_rare(line, known) for line in splits[split]] for split in SPLITS}
    folder = write_text(NAME, python_version(), SUMMARY, texts, workplace)
    (folder / "lines").mkdir()
    for split in SPLITS:
        (folder / "lines" / f"{split}.txt").write_text("\n".join(texts[split]) + "\n", encoding="utf-8")
    return folder


def _read(folder: Path) -> dict[TextSplit, Lines] | None:
    try:
        return {
            split: (folder / "lines" / f"{split}.txt").read_text(encoding="utf-8").splitlines()
            for split in SPLITS
        }
    except (OSError, UnicodeDecodeError):
        return None


def sentences() -> Iterator[str]:
    """The sentences of the manual in the order of its topics, each paragraph once although several topics have it."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        raise NasctlError(
            "this Python comes without its manual (pydoc_data.topics), which is the default text",
            hint="name a text of your own with --dataset: a file, or a folder with train.txt, valid.txt and test.txt",
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
    """Words in lower case, without punctuation; N for numbers, as in Mikolov's Penn Treebank.

    >>> _words("It's 3 times `__len__`; see PEP 484.")
    ["it's", 'N', 'times', 'len', 'see', 'pep', 'N']
    """
    found = re.findall(r"[a-z]+(?:[_'][a-z]+)*|\d+", sentence.lower())
    return ["N" if word.isdigit() else word for word in found]


def _most_frequent(lines: Lines) -> set[str]:
    """The words that stay, beside `<eos>` and `<unk>`."""
    counts = Counter(word for line in lines for word in line.split())
    return set(sorted(counts, key=lambda word: (-counts[word], word))[: VOCABULARY - 2])


def _without_rare(line: str, known: set[str]) -> str:
    return " ".join(word if word in known else UNKNOWN for word in line.split())
