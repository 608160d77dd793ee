"""Divides examples in two parts at random, the same way on every machine."""

from __future__ import annotations

import numpy as np


def random_split(count: int, held_out: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Positions of the examples to keep and of those to hold out, each in ascending order.

    `RandomState`, whose stream NumPy promises never to change, so that a seed names one split for ever.
    """
    order = np.random.RandomState(seed).permutation(count)
    return np.sort(order[held_out:]), np.sort(order[:held_out])


def stratified_split(labels: np.ndarray, held_out: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """As `random_split`, with every class in both parts in proportion (largest remainders).

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
