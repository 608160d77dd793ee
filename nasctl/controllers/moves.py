"""Operations on arrays of token strings: random draws, completion, mutation and neighbourhoods.

Letters: N strings; T decisions; R rows, a subset of the N. All returned strings are valid in the space unless
stated otherwise. `forced` maps the decisions that the depth schedule fixes at a trial to their tokens.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Int

from nasctl.controllers.policy.plan import Plan
from nasctl.space import INACTIVE, Tokens

FREE = INACTIVE
"""Marks a token of an incomplete string that `Moves.complete` is to fill in if its decision is active."""

Strings = Int[np.ndarray, "N T"]
Forced = Mapping[int, int]


def as_tokens(string: Int[np.ndarray, " T"]) -> Tokens:
    """Converts a row to a token string."""
    return tuple(string.tolist())


def as_strings(strings: Iterable[Tokens], length: int) -> Strings:
    """Converts token strings of equal length to the rows of an N × T array."""
    return np.array(list(strings), np.int32).reshape(-1, length)


def string_keys(strings: Strings) -> list[bytes]:
    """Hashable keys of the strings: equal strings have equal keys."""
    rows = np.ascontiguousarray(strings, np.int32)
    names: list[bytes] = rows.view(f"V{rows.shape[1] * rows.itemsize}")[:, 0].tolist()
    return names


class ExcludedStrings:
    """The keys of all strings that must not be proposed: tried and pending ones. The tried ones are not copied.

    Args:
      tried: Keys of the tried strings.
      pending: The pending strings.
    """

    def __init__(self, tried: Container[bytes], pending: Strings) -> None:
        self._tried = tried
        self._pending = set(string_keys(pending))

    def __contains__(self, key: object) -> bool:
        return key in self._pending or key in self._tried

    def add(self, string: Int[np.ndarray, " T"]) -> None:
        """Adds a pending string."""
        self._pending.update(string_keys(string[None]))


class Moves:
    """The operations on the strings of one space.

    Args:
      plan: The compiled space.

    Attributes:
      length: T, the number of decisions.
    """

    def __init__(self, plan: Plan) -> None:
        self.length = plan.length
        self._sizes = plan.sizes
        self._movable = (plan.sizes > 1) & ~plan.scheduled
        self._conditions = plan.conditions
        self._linked = np.flatnonzero(
            (plan.conditions.condition_of != 0) | (plan.conditions.row_of != 0)
        ).tolist()

    def random(self, count: int, rng: np.random.Generator, forced: Forced) -> Strings:
        """Draws strings in which each active decision takes each of its choices with equal probability."""
        return self.complete(np.full((count, self.length), FREE, np.int32), rng, forced)

    def balanced(self, count: int, rng: np.random.Generator) -> Strings:
        """Draws a balanced design.

        Each decision takes each of its choices equally often, in an independent random order.

        Returns:
          `count` rows with a token for every decision, active or not. `complete` makes them valid.
        """
        columns = [rng.permutation(np.resize(rng.permutation(size), count)) for size in self._sizes]
        return np.stack(columns, axis=1).astype(np.int32)

    def complete(self, strings: Strings, rng: np.random.Generator, forced: Forced) -> Strings:
        """Makes strings valid: draws the free tokens uniformly, sets the forced ones, and marks inactive decisions."""
        filled = rng.integers(0, self._sizes, strings.shape, dtype=np.int32)
        tokens = np.where(strings == FREE, filled, strings)
        for decision, token in forced.items():
            tokens[:, decision] = token
        conditions = self._conditions
        holds = np.ones((len(tokens), conditions.count), bool)
        for decision in self._linked:
            active = holds[:, conditions.condition_of[decision]]
            tokens[:, decision] = np.where(active, tokens[:, decision], INACTIVE)
            if conditions.row_of[decision]:
                holds &= conditions.still_holds[conditions.row_of[decision], tokens[:, decision] + 1]
        return tokens

    def freed(self, strings: Strings, changes: Int[np.ndarray, " N"], rng: np.random.Generator) -> Strings:
        """Replaces the tokens of randomly chosen active decisions by `FREE`.

        Args:
          strings: Valid strings.
          changes: Number of decisions to free in each string.
          rng: Source of randomness.

        Returns:
          Incomplete strings.
        """
        tokens = strings.copy()
        for rows, decisions in self._picks(strings, changes, rng):
            tokens[rows, decisions] = FREE
        return tokens

    def mutated(
        self, strings: Strings, changes: Int[np.ndarray, " N"], rng: np.random.Generator, forced: Forced
    ) -> Strings:
        """Changes randomly chosen active decisions to another choice each.

        Args:
          strings: Valid strings.
          changes: Number of decisions to change in each string.
          rng: Source of randomness.
          forced: Tokens that the depth schedule fixes.
        """
        tokens = strings.copy()
        for rows, decisions in self._picks(strings, changes, rng):
            size = self._sizes[decisions]
            step = 1 + (rng.random(len(rows)) * (size - 1)).astype(int)
            tokens[rows, decisions] = (tokens[rows, decisions] + step) % size
        return self.complete(tokens, rng, forced)

    def _picks(
        self, strings: Strings, changes: Int[np.ndarray, " N"], rng: np.random.Generator
    ) -> Iterator[tuple[Int[np.ndarray, " R"], Int[np.ndarray, " R"]]]:
        """Chooses distinct decisions to change, at random among active decisions with several choices.

        Yields two arrays for the first change, then for the second, and so on: the rows that have this change,
        and the decision that is chosen in each of them.
        """
        weight = (1 - rng.random(strings.shape)) * self._changeable(strings)
        for change in range(int(changes.max(initial=0))):
            decisions = weight.argmax(axis=1)
            rows = np.flatnonzero((change < changes) & (weight.max(axis=1) > 0))
            yield rows, decisions[rows]
            weight[rows, decisions[rows]] = 0

    def neighbours(self, string: Int[np.ndarray, " T"], rng: np.random.Generator, forced: Forced) -> Strings:
        """All strings that differ from the given one in one decision, in order of the decisions.

        Decisions that become active by the change take random choices.
        """
        changeable = self._changeable(string[None])[0]
        decisions = np.repeat(np.arange(self.length), np.where(changeable, self._sizes - 1, 0))
        step = np.concatenate([np.arange(1, size) for size in self._sizes[changeable]] or [np.zeros(0, int)])
        tokens = np.repeat(string[None].astype(np.int32), len(decisions), axis=0)
        tokens[np.arange(len(decisions)), decisions] = (string[decisions] + step) % self._sizes[decisions]
        return self.complete(tokens, rng, forced)

    def first_new(self, strings: Strings, excluded: Container[bytes]) -> Int[np.ndarray, " T"]:
        """The first string that is not excluded, or the first string if all are excluded."""
        new = [index for index, key in enumerate(string_keys(strings)) if key not in excluded]
        string: Int[np.ndarray, " T"] = strings[new[0] if new else 0]
        return string

    def _changeable(self, strings: Strings) -> Bool[np.ndarray, "N T"]:
        """Which tokens can be changed: those of active decisions with several choices that no schedule fixes."""
        changeable: Bool[np.ndarray, "N T"] = (strings != INACTIVE) & self._movable
        return changeable
