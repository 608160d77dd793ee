"""The exact number of token strings of a space."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from itertools import product
from math import prod

from nasctl.space.decision import INACTIVE, Clause, Decision

Table = dict[tuple[int, ...], int]
"""The number of ways to take some later decisions, for each combination of tokens of some earlier ones."""


def count_strings(decisions: Sequence[Decision]) -> int:
    """Counts the valid token strings.

    The decisions are eliminated from the last to the first. Each leaves a table over the earlier decisions on which it,
    or a decision that was eliminated before, depends. The time grows with the size of these tables, not with the
    number of token strings.

    Args:
      decisions: The decisions of a space, in order.
    """
    total = 1
    tables: defaultdict[int, list[tuple[tuple[int, ...], Table]]] = defaultdict(list)
    for index in reversed(range(len(decisions))):
        when = _needed(decisions, decisions[index].when)
        later = tables.pop(index, [])
        needed = {clause.decision for clause in when}.union(*(scope for scope, _ in later)) - {index}
        scope = tuple(sorted(needed))
        counts: Table = {}
        for tokens in product(*(_tokens(decisions[earlier]) for earlier in scope)):
            token_of = dict(zip(scope, tokens, strict=True))
            active = all(token_of[clause.decision] in clause.tokens for clause in when)
            choices = range(len(decisions[index].choices)) if active else (INACTIVE,)
            counts[tokens] = _ways(index, choices, token_of, later)
        if scope:
            tables[scope[-1]].append((scope, counts))
        else:
            total *= counts[()]
    return total


def _ways(
    index: int, taken: Sequence[int], known: dict[int, int], later: Sequence[tuple[tuple[int, ...], Table]]
) -> int:
    """Number of ways to take a decision and the later decisions that depend on it."""
    if not later:
        return len(taken)
    return sum(
        prod(
            counts[tuple(token if earlier == index else known[earlier] for earlier in scope)]
            for scope, counts in later
        )
        for token in taken
    )


def _tokens(decision: Decision) -> Sequence[int]:
    active = range(len(decision.choices))
    return (*active, INACTIVE) if decision.when else active


def _needed(decisions: Sequence[Decision], when: Sequence[Clause]) -> tuple[Clause, ...]:
    """Removes the clauses that are implied: a clause on a decision implies the clauses of that decision."""
    implied = {clause for asked in when for clause in decisions[asked.decision].when}
    return tuple(clause for clause in dict.fromkeys(when) if clause not in implied)
