"""Rewards that need no training: tables of trained networks, and synthetic functions.

A table is an `.npz` file of one of two kinds:

- All strings of a space: `X`, an array (strings, decisions) of indices of choices, and an array of rewards, either
  (strings,) or (strings, training seeds), whose mean over seeds is used.
- A quadratic function, whose optimum is not known: `cards`, the number of choices of each decision; `w0`, a constant;
  `w1`, a weight for each choice; `w2`, a weight for each pair of choices of two decisions, in lexicographic order.
"""

from __future__ import annotations

import itertools
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nasctl.graph.graph import Graph
from nasctl.space import Decision, Space, Value


@dataclass(frozen=True)
class NoNetworks:
    """The graph builder of spaces that have no networks."""

    def graph(self, values: Mapping[str, Value]) -> Graph:
        """Raises NotImplementedError: these spaces have no networks."""
        raise NotImplementedError

    def to_json(self) -> dict[str, object]:
        """Returns an empty object: no graph depends on it."""
        return {}


@dataclass(frozen=True)
class Table:
    """The reward of every string of a space.
    Attributes:
      sizes: Number of choices of each decision.
      reward: Maps tokens (strings, decisions) to rewards (strings,).
      best: The largest reward of any string, or None if it is not known.
    """

    sizes: tuple[int, ...]
    reward: Callable[[np.ndarray], np.ndarray]
    best: float | None


def read_table(path: Path, reward_name: str | None) -> Table:
    """Reads a table of either kind.

    Args:
      path: The `.npz` file.
      reward_name: Name of the array of rewards; None for the first array of floats with one row per string.
    """
    arrays = np.load(path)
    if "w2" in arrays:
        return quadratic(arrays)
    strings = arrays["X"].astype(np.int64)
    candidates = [n for n in arrays if arrays[n].dtype.kind == "f" and len(arrays[n]) == len(strings)]
    name = reward_name or candidates[0]
    rewards = arrays[name].astype(float)
    rewards = rewards if rewards.ndim == 1 else rewards.mean(axis=1)
    sizes = tuple(int(size) for size in strings.max(axis=0) + 1)
    distinct = len(np.unique(strings, axis=0))
    if distinct < math.prod(sizes):
        sys.exit(f"{path} has {distinct:,} of the {math.prod(sizes):,} strings: every string is needed")
    values = np.empty(sizes)
    values[tuple(strings.T)] = rewards
    return Table(sizes, lambda tokens: values[tuple(tokens.T)], float(values.max()))


def quadratic(arrays: Mapping[str, np.ndarray]) -> Table:
    """Returns the function w0 + Σ w1[choice] + Σ w2[pair of choices]."""
    sizes = tuple(int(size) for size in arrays["cards"])
    first = np.cumsum([0, *sizes])
    pairs = np.zeros((first[-1], first[-1]))
    weights = iter(np.asarray(arrays["w2"], float))
    for a, b in itertools.combinations(range(len(sizes)), 2):
        for i, j in itertools.product(range(sizes[a]), range(sizes[b])):
            pairs[first[a] + i, first[b] + j] = next(weights)

    def reward(tokens: np.ndarray) -> np.ndarray:
        chosen = np.zeros((len(tokens), first[-1]))
        np.put_along_axis(chosen, tokens + first[:-1], 1.0, axis=1)
        return arrays["w0"] + chosen @ arrays["w1"] + ((chosen @ pairs) * chosen).sum(-1)

    return Table(sizes, reward, None)


def flat_space(sizes: tuple[int, ...]) -> Space:
    """Returns a space of plain decisions, each of its own kind, with the given numbers of choices."""
    decisions = tuple(Decision(f"p{i}", f"p{i}", tuple(range(size))) for i, size in enumerate(sizes))
    return Space("table", "benchmark", decisions, NoNetworks())


def every_string(sizes: tuple[int, ...]) -> np.ndarray:
    """Returns all strings of a small space, in lexicographic order."""
    return np.indices(sizes).reshape(len(sizes), -1).T


def tabulated(sizes: tuple[int, ...], values: np.ndarray) -> Table:
    """Makes a table from the values of all strings, in lexicographic order."""
    shaped = values.reshape(sizes)
    return Table(sizes, lambda tokens: shaped[tuple(tokens.T)], float(values.max()))


def cliffs(seed: int) -> Table:
    """An additive function with pairwise interactions, in which a fifth of the strings fail.

    They are the strings with a certain choice, of five, for the first decision.
    """
    rng = np.random.default_rng((1, seed))
    sizes = (5, 4, 3, 3, 2, 5, 4, 2)
    strings = every_string(sizes)
    values = sum(rng.normal(size=size)[strings[:, d]] * rng.lognormal(0, 0.7) for d, size in enumerate(sizes))
    for a, b in itertools.combinations(range(len(sizes)), 2):
        values = values + 0.4 * rng.normal(size=(sizes[a], sizes[b]))[strings[:, a], strings[:, b]]
    broken = strings[:, 0] == rng.integers(sizes[0])
    return tabulated(sizes, np.where(broken, values.min() - 50.0, values))


def rugged(seed: int) -> Table:
    """An NK landscape (Kauffman 1993): each of 12 binary decisions adds a term that depends on three others."""
    rng = np.random.default_rng((2, seed))
    strings = every_string((2,) * 12)
    values = np.zeros(len(strings))
    for decision in range(12):
        others = rng.choice(np.delete(np.arange(12), decision), 3, replace=False)
        row = strings[:, [decision, *others]] @ (8, 4, 2, 1)
        values += rng.random(16)[row] / 12
    return tabulated((2,) * 12, values)


def network(seed: int) -> Table:
    """A random one-layer network over random embeddings of the choices, with noise and a saturating output."""
    rng = np.random.default_rng((3, seed))
    sizes = (9,) * 5
    strings = every_string(sizes)
    embedded = np.concatenate([rng.normal(size=(9, 4))[strings[:, d]] for d in range(5)], axis=1)
    mixed = np.tanh(embedded @ rng.normal(size=(20, 40)) / math.sqrt(20)) @ rng.normal(size=40)
    mixed = mixed / mixed.std() + 0.2 * rng.normal(size=len(strings))
    return tabulated(sizes, -np.log1p(np.exp(-1.2 * mixed)))


SYNTHETIC: Mapping[str, Callable[[int], Table]] = {"cliffs": cliffs, "rugged": rugged, "network": network}
