"""Splits examples into two parts at random, identically on every machine."""

from __future__ import annotations

import numpy as np


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
