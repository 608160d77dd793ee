"""The identity of a data set's content, by which a change is recognised although the name stays the same."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import TypeVar

import numpy as np

from nasctl.datasets.dataset import Examples
from nasctl.datasets.rows import blocks_of

Name = TypeVar("Name", bound=str)


def digest_of_examples(splits: Mapping[Name, Examples], class_names: Iterable[str]) -> str:
    """The SHA-256 digest of the examples of each split, in their order, and of the names of the classes.

    Two data sets with the same digest train and measure a network alike. Takes 0.2 s for CIFAR-10.

    Args:
      splits: The examples by the name of their split.
      class_names: The names of the classes 0, 1, …; the vocabulary of a text.
    """
    digest = hashlib.sha256(repr(tuple(class_names)).encode("utf-8", "surrogatepass"))
    for name, examples in splits.items():
        for array in (examples.inputs, examples.labels):
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            for block in blocks_of(array):
                digest.update(array_bytes(block))
    return digest.hexdigest()


def array_bytes(array: np.ndarray) -> memoryview:
    """The bytes of an array in row-major order, without a copy if they are in this order already."""
    return np.ascontiguousarray(array).reshape(-1).view(np.uint8).data
