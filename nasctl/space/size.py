"""The exact number of token strings of a space, as an integer however large."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from nasctl.space.decision import INACTIVE

if TYPE_CHECKING:
    from nasctl.space.space import Space


def count_strings(space: Space) -> int:
    """Counts the valid token strings.

    Walks the decisions in order and counts, for each combination of tokens that a later condition still asks
    about, the prefixes that lead there. The work grows with the number of such combinations, not with the
    number of strings.
    """
    last_use: dict[int, int] = {}
    for index, decision in enumerate(space.decisions):
        for clause in decision.when:
            last_use[clause.decision] = index

    # A state holds the tokens of the decisions that are still asked about, as (index, token) pairs in order.
    prefixes: Counter[tuple[tuple[int, int], ...]] = Counter({(): 1})
    for index, decision in enumerate(space.decisions):
        asked_later = last_use.get(index, index) > index
        following: Counter[tuple[tuple[int, int], ...]] = Counter()
        for state, count in prefixes.items():
            known = dict(state)
            active = all(known[clause.decision] in clause.tokens for clause in decision.when)
            kept = tuple((i, token) for i, token in state if last_use[i] > index)
            if not asked_later:
                following[kept] += count * (len(decision.choices) if active else 1)
                continue
            for token in range(len(decision.choices)) if active else (INACTIVE,):
                following[(*kept, (index, token))] += count
        prefixes = following
    return sum(prefixes.values())
