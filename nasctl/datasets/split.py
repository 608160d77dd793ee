"""Splits examples into two parts at random, identically on every machine.

`random_split` and `stratified_split` choose by position, for data sets that never change. `stable_split` and
`stratified_sample` choose by a hash of each example's key, so that added examples do not move others. A key is the hash
of what identifies an example: its content for arrays, its name for files. Equal examples have equal keys and are always
on the same side.

Letters: N examples, K classes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import numpy as np

Keys = np.ndarray | Sequence[bytes]
"""Keys from `keys_of`, (N,) as uint64, or the byte strings that they are made of."""

TEST_SHARE = 0.2
"""The share of the examples that is held out for the test if a data set has no test split of its own."""

SPLIT_SEED = 0
"""The seed of that choice, which is the same in all runs."""


def random_split(count: int, held_out: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Chooses at random which examples to hold out.

    A seed always gives the same split, because NumPy guarantees that the stream of `RandomState` never changes.

    Args:
      count: The number of examples.
      held_out: The number of examples to hold out.
      seed: The seed of the choice.

    Returns:
      The indices of the examples to keep and of those to hold out, each in ascending order.
    """
    order = np.random.RandomState(seed).permutation(count)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def stratified_split(labels: np.ndarray, held_out: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Chooses at random which examples to hold out, in proportion to the classes.

    Fractions of an example are rounded by the largest remainder method.

    Args:
      labels: The class of each example, (N,).
      held_out: The number of examples to hold out.
      seed: The seed of the choice.

    Returns:
      The indices of the examples to keep and of those to hold out, each in ascending order.

    >>> keep, out = stratified_split(np.array([0, 0, 0, 0, 1, 1]), 3, seed=0)
    >>> [int((np.array([0, 0, 0, 0, 1, 1])[out] == label).sum()) for label in (0, 1)]
    [2, 1]
    """
    classes, counts = np.unique(labels, return_counts=True)
    exact = counts * held_out / len(labels)
    quota = np.floor(exact).astype(int)
    quota[np.argsort(quota - exact, kind="stable")[: held_out - quota.sum()]] += 1
    random = np.random.RandomState(seed)
    chosen = [
        random.permutation(np.flatnonzero(labels == label))[:share]
        for label, share in zip(classes, quota, strict=True)
    ]
    out = np.sort(np.concatenate(chosen))
    return np.setdiff1d(np.arange(len(labels)), out), out


def keys_of(identities: Iterable[bytes]) -> np.ndarray:
    """Hashes what identifies each example, such as the name of its file. Returns (N,) as uint64."""
    hashed = b"".join(hashlib.blake2b(identity, digest_size=8).digest() for identity in identities)
    return np.frombuffer(hashed, "<u8").astype(np.uint64)


def keys_of_arrays(inputs: np.ndarray) -> np.ndarray:
    """Hashes the content of each example of an array, (N, ...). Returns (N,) as uint64; takes 0.4 s for CIFAR-10."""
    return keys_of(np.ascontiguousarray(example).tobytes() for example in inputs)


def stable_split(
    keys: Keys, labels: np.ndarray | None, share: float, *, seed: int, part: str = "test"
) -> tuple[np.ndarray, np.ndarray]:
    """Chooses by the hash of each example's key which examples to hold out.

    An example is held out if the hash of its key, as a number from 0 to 1, is below `share`. So about this share of
    each class is held out, and added examples do not move others.

    There is one exception, so that each class has examples on both sides. Of a class without examples to keep, those
    with the largest hash are kept; then, of a class without examples to hold out and with at least two different keys,
    those with the smallest hash are held out. Adding examples to such a class can move these back. With a share below
    one half this is almost always from the held-out side, so that what a network was trained on is not used to test
    it.

    Args:
      keys: The keys of the examples.
      labels: The class of each example, (N,). Other labels are not looked at: None, several labels and numbers are
        split as one class.
      share: The share to hold out, from 0 to 1. With 0 or 1, all examples are on one side.
      seed: The seed of the choice.
      part: What the held-out examples are for. Parts with different names are chosen independently.

    Returns:
      The indices of the examples to keep and of those to hold out, each in ascending order.

    >>> names = keys_of(f"{number}.png".encode() for number in range(1000))
    >>> kept, held_out = stable_split(names, None, 0.2, seed=0)
    >>> len(kept), len(held_out)
    (806, 194)
    """
    hashes = _hashes(keys, f"{part} {seed}")
    out = hashes < np.uint64(2**53 * share)
    if 0 < share < 1 and len(hashes):
        order, starts = _by_class(hashes, _classes(labels, len(hashes)))
        for members in np.split(order, starts[1:]):
            smallest, largest = hashes[members[0]], hashes[members[-1]]
            if smallest == largest:
                out[members] = False
            elif out[members[-1]]:
                out[members[hashes[members] == largest]] = False
            elif not out[members[0]]:
                out[members[hashes[members] == smallest]] = True
    return np.flatnonzero(~out), np.flatnonzero(out)


def held_out_test(keys: Keys, labels: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """The `stable_split` that holds out the test examples of a data set without a test split."""
    return stable_split(keys, labels, TEST_SHARE, seed=SPLIT_SEED)


def stratified_sample(
    labels: np.ndarray | None, count: int, keys: Keys | None = None, *, seed: int
) -> np.ndarray:
    """Chooses examples in proportion to their classes. A smaller sample is part of a larger one.

    The first example of each class comes before the second of any, so a sample of at least K examples has all classes.

    Args:
      labels: The class of each example, (N,). Other labels are not looked at, as in `stable_split`.
      count: The number of examples to choose; all if there are fewer.
      keys: The keys of the examples. None to use their positions, for data sets whose order never changes.
      seed: The seed of the choice.

    Returns:
      The indices of the examples in ascending order.

    >>> labels = np.array([0] * 90 + [1] * 10)
    >>> [int((labels[stratified_sample(labels, count, seed=0)] == 1).sum()) for count in (2, 10, 20, 100)]
    [1, 1, 2, 10]
    """
    if keys is None:
        assert labels is not None, "the number of examples is not known"
        keys = np.arange(len(labels), dtype=np.uint64)
    hashes = _hashes(keys, f"sample {seed}")
    order, starts = _by_class(hashes, _classes(labels, len(hashes)))
    sizes = np.diff(starts, append=len(order))
    rank = np.arange(len(order)) - np.repeat(starts, sizes)
    chosen = np.lexsort((hashes[order], rank / np.repeat(sizes, sizes)))[:count]
    return np.sort(order[chosen])


def _hashes(keys: Keys, purpose: str) -> np.ndarray:
    """A hash of 53 bits of each key and of a purpose, (N,) as uint64: the finaliser of SplitMix64.

    Reference: Steele, Lea & Flood 2014, Fast splittable pseudorandom number generators.
    """
    known = keys if isinstance(keys, np.ndarray) else keys_of(keys)
    hashed = known ^ keys_of([purpose.encode()])
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        hashed = (hashed ^ (hashed >> np.uint64(shift))) * np.uint64(factor)
    mixed: np.ndarray = (hashed ^ (hashed >> np.uint64(31))) >> np.uint64(11)
    return mixed


def _classes(labels: np.ndarray | None, count: int) -> np.ndarray:
    if labels is None or labels.ndim != 1 or labels.dtype.kind not in "iu":
        return np.zeros(count, np.int32)
    return labels


def _by_class(hashes: np.ndarray, classes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The indices of the examples by class and, within a class, by hash; and where each class starts."""
    order = np.lexsort((hashes, classes))
    ordered = classes[order]
    starts = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    return order, starts
