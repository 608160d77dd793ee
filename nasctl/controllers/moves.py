"""Many token strings at once: drawn, completed, mutated, and the neighbours of one.

Letters: N strings; T decisions. Every string that is returned is valid in the space; `forced` are the tokens that the
depth schedule fixes at a trial (decision → token).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping

import numpy as np
from jaxtyping import Bool, Int

from nasctl.controllers.policy.plan import Plan
from nasctl.space import INACTIVE, Tokens

FREE = INACTIVE
"""In an incomplete string: this token is to be filled in, where its decision is active."""

Strings = Int[np.ndarray, "N T"]
Forced = Mapping[int, int]


def as_tokens(string: Int[np.ndarray, " T"]) -> Tokens:
    """A row as the token string that it is."""
    return tuple(string.tolist())


def as_strings(strings: Iterable[Tokens], length: int) -> Strings:
    """Token strings of a length as rows."""
    return np.array(list(strings), np.int32).reshape(-1, length)


def string_keys(strings: Strings) -> list[bytes]:
    """For each string what it is known by in a set."""
    rows = np.ascontiguousarray(strings, np.int32)
    names: list[bytes] = rows.view(f"V{rows.shape[1] * rows.itemsize}")[:, 0].tolist()
    return names


class ExcludedStrings:
    """Keys of strings that are out of the question, those that were tried and those that are awaited, not copied.

    Args:
      tried: Keys of the first.
      awaited: The others.
    """

    def __init__(self, tried: Container[bytes], awaited: Strings) -> None:
        self._tried = tried
        self._awaited = set(string_keys(awaited))

    def __contains__(self, key: object) -> bool:
        return key in self._awaited or key in self._tried

    def add(self, string: Int[np.ndarray, " T"]) -> None:
        """One more is awaited."""
        self._awaited.update(string_keys(string[None]))


class Moves:
    """What can be done to the strings of a space.

    Args:
      plan: The compiled space.
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
        """Strings whose active decisions take each of their choices with equal probability."""
        return self.complete(np.full((count, self.length), FREE, np.int32), rng, forced)

    def balanced(self, count: int, rng: np.random.Generator) -> Strings:
        """Latin-balanced rows: each decision takes each of its choices equally often, in an order of its own.

        All decisions have a token: the rows are yet to be completed.
        """
        columns = [rng.permutation(np.resize(rng.permutation(size), count)) for size in self._sizes]
        return np.stack(columns, axis=1).astype(np.int32)

    def complete(self, strings: Strings, rng: np.random.Generator, forced: Forced) -> Strings:
        """Strings made valid: free tokens filled in at random, those of decisions that are not active taken out."""
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
        """Strings with the tokens of some of their decisions, as many as asked, free."""
        tokens = strings.copy()
        for rows, decisions in self._picks(strings, changes, rng):
            tokens[rows, decisions] = FREE
        return tokens

    def mutated(
        self, strings: Strings, changes: Int[np.ndarray, " N"], rng: np.random.Generator, forced: Forced
    ) -> Strings:
        """Strings with some of their decisions, as many as asked, changed to another choice each."""
        tokens = strings.copy()
        for rows, decisions in self._picks(strings, changes, rng):
            size = self._sizes[decisions]
            step = 1 + (rng.random(len(rows)) * (size - 1)).astype(int)
            tokens[rows, decisions] = (tokens[rows, decisions] + step) % size
        return self.complete(tokens, rng, forced)

    def _picks(
        self, strings: Strings, changes: Int[np.ndarray, " N"], rng: np.random.Generator
    ) -> Iterator[tuple[Int[np.ndarray, " R"], Int[np.ndarray, " R"]]]:
        """Rows and a decision of each that is active and has a choice: once, twice, … as many as asked of a row."""
        weight = (1 - rng.random(strings.shape)) * self._decides(strings)
        for change in range(int(changes.max(initial=0))):
            decisions = weight.argmax(axis=1)
            rows = np.flatnonzero((change < changes) & (weight.max(axis=1) > 0))
            yield rows, decisions[rows]
            weight[rows, decisions[rows]] = 0

    def neighbours(self, string: Int[np.ndarray, " T"], rng: np.random.Generator, forced: Forced) -> Strings:
        """All strings with one decision changed, in order; what a change activates is filled in at random."""
        decides = self._decides(string[None])[0]
        decisions = np.repeat(np.arange(self.length), np.where(decides, self._sizes - 1, 0))
        step = np.concatenate([np.arange(1, size) for size in self._sizes[decides]] or [np.zeros(0, int)])
        tokens = np.repeat(string[None].astype(np.int32), len(decisions), axis=0)
        tokens[np.arange(len(decisions)), decisions] = (string[decisions] + step) % self._sizes[decisions]
        return self.complete(tokens, rng, forced)

    def first_new(self, strings: Strings, excluded: Container[bytes]) -> Int[np.ndarray, " T"]:
        """The first of some strings that is not taken; the first of them if all are."""
        new = [index for index, key in enumerate(string_keys(strings)) if key not in excluded]
        string: Int[np.ndarray, " T"] = strings[new[0] if new else 0]
        return string

    def _decides(self, strings: Strings) -> Bool[np.ndarray, "N T"]:
        decides: Bool[np.ndarray, "N T"] = (strings != INACTIVE) & self._movable
        return decides
