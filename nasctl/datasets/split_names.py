"""The splits of a data set, and the words that name them in files, folders and columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

SplitName = Literal["train", "validation", "test"]

SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")

SPELLINGS: Mapping[str, SplitName] = {
    "train": "train", "training": "train", "trn": "train",
    "val": "validation", "valid": "validation", "validation": "validation", "dev": "validation",
    "test": "test", "testing": "test", "tst": "test",
}  # fmt: skip
"""The usual spellings of the splits, in lower case."""

_AROUND = re.compile(r"[ _-]?(?:set|split|data|dataset|images|imgs)$|[ _-]?(?:19|20)\d\d$")
"""What may follow the name of a split, as in `train_set` and `val2017`."""


def split_named(word: str) -> SplitName | None:
    """The split that a word names in one of its usual spellings; None for any other word.

    >>> split_named("TRAIN"), split_named("test_images"), split_named("cat")
    ('train', 'test', None)
    """
    return SPELLINGS.get(_AROUND.sub("", word.strip().casefold()))
