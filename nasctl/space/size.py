"""The number of token strings of a space: exact, or bounds if counting takes too long.

A decision multiplies the number of strings by a *factor*: a sum of terms, each of which has a weight and holds under
clauses on other decisions. A decision with n choices that is active under the clauses A has the factor
1 + (n - 1) · [A], because an inactive decision has one token. Decisions are eliminated one by one: the factors that
mention a decision are multiplied, and the sum over its tokens is a factor of fewer decisions. Only what clauses
distinguish is kept apart, so a decision with 1,000 choices of which a clause names three counts as one with two.

The work is exponential at worst (counting is #P-hard), so it is bounded. All weights are positive: leaving out terms
gives a lower bound, and leaving out clauses an upper bound.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal
from typing import Literal, NamedTuple

from nasctl.space.decision import Decision

MOST_WORK = 500_000
"""Greatest number of clauses that products of terms may read, which take about half a second."""

Term = tuple[tuple[int, int], ...]
"""The clauses under which a term holds: pairs of a decision and the set of its tokens as bits, in order."""

Factor = dict[Term, int]
"""The weights of terms. The factor is the sum of the weights of those that hold."""

Side = Literal["exact", "low", "high"]


class SizeBounds(NamedTuple):
    """Bounds of a number of token strings; they are equal if the number is exact."""

    low: int
    high: int

    def __str__(self) -> str:
        """The number in words.

        >>> print(SizeBounds(15625, 15625), SizeBounds(2**80, 2**80), SizeBounds(2**80, 10**5000), sep="; ")
        15,625; about 1.2e+24; from 1.2e+24 to 1.0e+5000
        """
        low, high = (approximate(number) for number in self)
        if self.low == self.high:
            return low if "e" not in low else f"about {low}"
        return f"from {low} to {high}"


def approximate(number: int) -> str:
    """A number with all its digits if it is below 10^9, otherwise with two digits and its order of magnitude."""
    return f"{number:,}" if number < 10**9 else f"{Context(prec=6, Emax=10**9).create_decimal(number):.1e}"


def decimal_digits(number: int) -> str:
    """All digits of a number, of which Python's `str` writes 4,300 at most."""
    return f"{Decimal(number):f}"


def count_strings(decisions: Sequence[Decision]) -> SizeBounds:
    """Counts the valid token strings.

    Args:
      decisions: The decisions of a space, in order.
    """
    try:
        exact = _Elimination(decisions, "exact").total()
        return SizeBounds(exact, exact)
    except _TooMuchWork:
        return SizeBounds(_Elimination(decisions, "low").total(), _Elimination(decisions, "high").total())


class _TooMuchWork(Exception):
    """An exact number takes more than `MOST_WORK`."""


@dataclass
class _Factors:
    """The factors that mention one decision.

    Attributes:
      alone: Those that mention no other decision, each with its number.
      shared: The other ones, by a number of their own.
    """

    alone: Counter[tuple[tuple[int, int], ...]] = field(default_factory=Counter)
    shared: dict[int, Factor] = field(default_factory=dict)


class _Elimination:
    """Eliminates all decisions of a space.

    Args:
      decisions: The decisions.
      side: Whether the result is exact, a lower bound or an upper bound.
    """

    def __init__(self, decisions: Sequence[Decision], side: Side) -> None:
        self._side = side
        self._sizes = [len(decision.choices) for decision in decisions]
        masks: dict[tuple[int, ...], int] = {}
        self._when: list[Term | None] = [
            _conjunction(
                (
                    clause.decision,
                    masks.get(clause.tokens) or masks.setdefault(clause.tokens, _mask(clause.tokens)),
                )
                for clause in decision.when
            )
            for decision in decisions
        ]
        self._dependents = Counter(at for when in self._when for at, _ in when or ())
        self._factors: defaultdict[int, _Factors] = defaultdict(_Factors)
        self._total = 1
        self._work = 0
        self._numbers = 0

    def total(self) -> int:
        """The number of token strings."""
        ready = [(1, index) for index in range(len(self._sizes)) if not self._dependents[index]]
        done: set[int] = set()
        heapq.heapify(ready)
        while ready:
            cost, index = heapq.heappop(ready)
            if index in done:
                continue
            now = self._cost(index)
            if now > cost and ready and now > ready[0][0]:  # it has more factors than when it was put there
                heapq.heappush(ready, (now, index))
                continue
            done.add(index)
            self._eliminate(index)
            for earlier, _ in self._when[index] or ():
                self._dependents[earlier] -= 1
                if not self._dependents[earlier]:
                    heapq.heappush(ready, (self._cost(earlier), earlier))
        return self._total

    def _cost(self, index: int) -> int:
        """Bound of the number of products of terms that the elimination of a decision needs."""
        factors = self._factors[index]
        cost = 1
        for factor in factors.shared.values():
            cost *= len(factor)
            if cost > MOST_WORK:
                break
        return cost

    def _eliminate(self, index: int) -> None:
        factors = self._factors.pop(index, _Factors())
        shared = list(factors.shared.values())
        for number, factor in factors.shared.items():
            for at in {at for term in factor for at, _ in term} - {index}:
                self._factors[at].shared.pop(number, None)
        if self._side != "exact" and self._work + self._product_cost(index, shared) > MOST_WORK:
            for factor in shared:
                self._loosen(index, factor, factors)
            shared = []
        weights, inactive_weight = self._weights(index, factors.alone)
        inactive: Factor = {(): inactive_weight}
        for factor in shared:
            inactive = self._product(inactive, _given(factor, index, None))
        active: Factor = {}
        for tokens, weight in self._classes(index, shared, weights):
            part: Factor = {(): weight}
            for factor in shared:
                part = self._product(part, _given(factor, index, tokens))
            for term, coefficient in part.items():
                active[term] = active.get(term, 0) + coefficient
        when = self._when[index]
        if when == ():
            self._add(active)
        else:
            # Each term of `inactive` is one of `active` with a weight that is not smaller.
            result = dict(inactive)
            for term, coefficient in active.items():
                gained = coefficient - inactive.get(term, 0)
                both = _conjunction((*term, *when)) if when is not None else None
                if gained and both is not None:
                    result[both] = result.get(both, 0) + gained
            self._add(result)

    def _add(self, factor: Factor) -> None:
        scope = {at for term in factor for at, _ in term}
        if not scope:
            self._total *= factor.get((), 0)
        elif len(scope) == 1:
            (at,) = scope
            alone = tuple(sorted((term[0][1] if term else -1, weight) for term, weight in factor.items()))
            self._factors[at].alone[alone] += 1
        else:
            self._numbers += 1
            for at in scope:
                self._factors[at].shared[self._numbers] = factor

    def _weights(self, index: int, alone: Mapping[tuple[tuple[int, int], ...], int]) -> tuple[list[int], int]:
        """The product of the factors of one decision alone, for each of its tokens and if it is inactive."""
        size, inactive = self._sizes[index], 1
        weights = [1] * size
        if not alone:
            return weights, inactive
        # Factors like those of 10,000 repetitions differ in their tokens only, so their powers are counted.
        powers: defaultdict[tuple[int, int], list[int]] = defaultdict(lambda: [0] * (size + 1))
        counts: Counter[tuple[int, int]] = Counter()
        for terms, count in alone.items():
            constant = sum(weight for mask, weight in terms if mask == -1)
            inactive *= constant**count
            conditional = [(mask, weight) for mask, weight in terms if mask != -1]
            if len(conditional) == 1:
                mask, weight = conditional[0]
                pair = (constant, constant + weight)
                counts[pair] += count
                for start, end in _runs(mask):
                    powers[pair][start] += count
                    powers[pair][end] -= count
            else:
                for token in range(size):
                    value = constant + sum(weight for mask, weight in conditional if mask >> token & 1)
                    weights[token] *= value**count
        for (without, within), changes in powers.items():
            total, power = counts[without, within], 0
            for token in range(size):
                power += changes[token]
                weights[token] *= within**power * without ** (total - power)
        return weights, inactive

    def _classes(self, index: int, shared: Sequence[Factor], weights: Sequence[int]) -> list[tuple[int, int]]:
        """The sets of tokens that the shared factors do not distinguish: one of the tokens, and the sum of weights."""
        if not shared:
            return [(0, sum(weights))]
        masks = sorted({mask for factor in shared for term in factor for at, mask in term if at == index})
        classes: dict[tuple[int, ...], tuple[int, int]] = {}
        for token, weight in enumerate(weights):
            kind = tuple(mask >> token & 1 for mask in masks)
            first, sum_of_weights = classes.get(kind, (token, 0))
            classes[kind] = (first, sum_of_weights + weight)
        return list(classes.values())

    def _product_cost(self, index: int, shared: Sequence[Factor]) -> int:
        """Bound of the work for the products of some factors."""
        terms = clauses = 1
        for factor in shared:
            terms = min(terms * len(factor), MOST_WORK)
            clauses += max(map(len, factor), default=0)
        masks = {mask for factor in shared for term in factor for at, mask in term if at == index}
        classes = min(self._sizes[index], 1 << min(len(masks), 20))
        return terms * clauses * classes

    def _product(self, left: Factor, right: Factor) -> Factor:
        self._work += _length(left) * len(right) + len(left) * _length(right)
        if self._side == "exact" and self._work > MOST_WORK:
            raise _TooMuchWork
        if len(right) == 1 and () in right:
            return {term: weight * right[()] for term, weight in left.items()}
        product: Factor = {}
        for first, weight in left.items():
            for second, other in right.items():
                term = _conjunction((*first, *second))
                if term is not None:
                    product[term] = product.get(term, 0) + weight * other
        return product

    def _loosen(self, index: int, factor: Factor, factors: _Factors) -> None:
        """Replaces a factor by a bound that depends on one decision only."""
        bound: Factor = {}
        for term, weight in factor.items():
            own = tuple(part for part in term if part[0] == index)
            if self._side == "high" or own == term:
                bound[own] = bound.get(own, 0) + weight
        if list(bound) == [()]:
            self._total *= bound[()]
        else:
            terms = tuple(sorted((term[0][1] if term else -1, weight) for term, weight in bound.items()))
            factors.alone[terms] += 1


def _conjunction(clauses: Iterable[tuple[int, int]]) -> Term | None:
    """A term that holds if all clauses hold; None if it never does."""
    tokens: dict[int, int] = {}
    for at, mask in clauses:
        tokens[at] = tokens.get(at, -1) & mask
    return None if 0 in tokens.values() else tuple(sorted(tokens.items()))


def _length(factor: Factor) -> int:
    """The number of clauses of all terms, and of terms."""
    return len(factor) + sum(map(len, factor))


def _given(factor: Factor, index: int, token: int | None) -> Factor:
    """A factor with a known token of one decision; None if it is inactive."""
    known: Factor = {}
    for term, weight in factor.items():
        mask = next((mask for at, mask in term if at == index), None)
        if mask is None:
            known[term] = known.get(term, 0) + weight
        elif token is not None and mask >> token & 1:
            rest = tuple(part for part in term if part[0] != index)
            known[rest] = known.get(rest, 0) + weight
    return known


def _mask(tokens: Sequence[int]) -> int:
    """A sorted set of tokens as bits."""
    if tokens and tokens[-1] - tokens[0] == len(tokens) - 1:
        return (1 << (tokens[-1] + 1)) - (1 << tokens[0])
    return sum(1 << token for token in tokens)


def _runs(mask: int) -> Iterable[tuple[int, int]]:
    """The runs of bits of a mask: pairs of the first bit and the one after the last."""
    start = 0
    while mask:
        zeros = (mask & -mask).bit_length() - 1
        mask >>= zeros
        start += zeros
        ones = (~mask & (mask + 1)).bit_length() - 1
        yield start, start + ones
        mask >>= ones
        start += ones
