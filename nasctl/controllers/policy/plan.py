"""A space compiled for the controller: the recurrent network's steps, and conditions, as constant arrays.

Letters: T decisions, S steps, L anchor points, K choices of the largest choice set, C conditions. One step
of the network takes one decision, or all the binary decisions of one anchor point, which are independent of
each other given the hidden states (paper, section 3.3): 15 layers of 5 decisions and an anchor are 90 steps,
not 180.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from jaxtyping import Bool, Int

from nasctl.errors import NasctlError
from nasctl.space import Clause, Space

ABSENT = -1
"""Marks a position of an index array that stands for nothing."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """When decisions are active: the distinct conditions of a space, kept up to date token by token.

    Every condition holds at first. Taking a token of decision d leaves those conditions standing that have no
    clause on d or one that the token fulfils; an inactive d leaves only those without a clause on it.

    Attributes:
      of: Which condition each decision is under; 0 always holds.
      row: For each decision its row of `stands`; 0 if no condition asks about it.
      stands: `still_holds[row_of[d], token + 1]` says which conditions a token of d leaves standing.
    """

    condition_of: Int[np.ndarray, " T"]
    row_of: Int[np.ndarray, " T"]
    still_holds: Bool[np.ndarray, "rows K+1 C"]

    @property
    def count(self) -> int:
        """Number of distinct conditions."""
        return int(self.still_holds.shape[2])


@dataclass(frozen=True)
class Plan:
    """The steps that sample one token string.

    Plans of equal spaces are equal, so what was compiled for one serves the other.

    Attributes:
      space: Hash of the space that it was made from.
      sizes: Number of choices of each decision.
      scheduled: Decisions that the number of the trial fixes; they have a step that the network does not see.
      kind: For each decision which softmax head and embedding it uses; `ABSENT` for anchors' bits.
      kind_sizes: Number of choices of each kind.
      decision: For each step the decision that it takes; `ABSENT` if it is an anchor point's.
      point: For each step the anchor point that it takes; `ABSENT` if it is a decision's.
      bits: `bits[i, j]` is the decision whether point j feeds point i, or `ABSENT`.
      conditions: When decisions are active.
    """

    space: str
    sizes: Int[np.ndarray, " T"] = field(compare=False)
    scheduled: Bool[np.ndarray, " T"] = field(compare=False)
    kind: Int[np.ndarray, " T"] = field(compare=False)
    kind_sizes: Int[np.ndarray, " kinds"] = field(compare=False)
    decision: Int[np.ndarray, " S"] = field(compare=False)
    point: Int[np.ndarray, " S"] = field(compare=False)
    bits: Int[np.ndarray, "L L"] = field(compare=False)
    conditions: Conditions = field(compare=False)

    @property
    def length(self) -> int:
        """T, the number of decisions."""
        return len(self.sizes)

    @property
    def steps(self) -> int:
        """S, the number of steps of the network."""
        return len(self.decision)

    @property
    def points(self) -> int:
        """L, the number of anchor points; 0 if no point may feed another."""
        return len(self.bits)

    @cached_property
    def choice_steps(self) -> Int[np.ndarray, " choices"]:
        """Steps that take one decision by a softmax head, in order."""
        return np.flatnonzero(self.decision != ABSENT)

    @cached_property
    def point_steps(self) -> Int[np.ndarray, " L"]:
        """Steps of the anchor points, in order of their numbers."""
        return np.flatnonzero(self.point != ABSENT)

    @cached_property
    def edges(self) -> Int[np.ndarray, "edges 2"]:
        """The pairs (i, j) of points of which j may feed i, in the order of their decisions."""
        return np.argwhere(self.bits != ABSENT)

    @cached_property
    def anchor_decisions(self) -> Int[np.ndarray, " edges"]:
        """The decisions of `edges`."""
        decisions: Int[np.ndarray, " edges"] = self.bits[tuple(self.edges.T)]
        return decisions

    @cached_property
    def decision_order(self) -> Int[np.ndarray, " T"]:
        """Where each decision is among those of `choice_steps` followed by `anchor_decisions`."""
        order = np.concatenate([self.decision[self.choice_steps], self.anchor_decisions])
        return np.argsort(order)


def make_plan(space: Space) -> Plan:
    """Compiles a space.

    Raises:
      NasctlError: A bit of an anchor point is conditional on another bit of the same point.
    """
    decisions = space.decisions
    points = space.anchors if any(point.sources for point in space.anchors) else ()
    bits = np.full((len(points), len(points)), ABSENT)
    for number, point in enumerate(points):
        bits[number, list(point.sources)] = point.bits
        for bit in point.bits:
            if any(clause.decision in point.bits for clause in decisions[bit].when):
                raise NasctlError(f"{decisions[bit].name} cannot depend on another source of {point.name}")

    is_bit = np.zeros(len(decisions), bool)
    is_bit[bits[bits != ABSENT]] = True
    names = list(dict.fromkeys(d.kind for d, bit in zip(decisions, is_bit, strict=True) if not bit))
    kind = np.array(
        [ABSENT if bit else names.index(d.kind) for d, bit in zip(decisions, is_bit, strict=True)]
    )
    sizes = np.array([len(decision.choices) for decision in decisions])
    scheduled = np.zeros(len(decisions), bool)
    if space.schedule is not None:
        scheduled[space.schedule.decision] = True

    decision_of_step: list[int] = []
    point_of_step: list[int] = []
    for index in range(len(decisions) + 1):
        for number, point in enumerate(points):
            if point.at == index:
                decision_of_step.append(ABSENT)
                point_of_step.append(number)
        if index < len(decisions) and not is_bit[index]:
            decision_of_step.append(index)
            point_of_step.append(ABSENT)

    return Plan(
        space=space.hash,
        sizes=sizes,
        scheduled=scheduled,
        kind=kind,
        kind_sizes=np.array([sizes[kind == number].max() for number in range(len(names))] or [1]),
        decision=np.array(decision_of_step),
        point=np.array(point_of_step),
        bits=bits,
        conditions=_conditions([decision.when for decision in decisions], int(sizes.max(initial=1))),
    )


def _conditions(whens: Sequence[tuple[Clause, ...]], most_choices: int) -> Conditions:
    distinct = list(dict.fromkeys([(), *whens]))
    asked = sorted({clause.decision for when in distinct for clause in when})
    row_of = np.zeros(len(whens), int)
    row_of[asked] = np.arange(len(asked)) + 1
    still_holds = np.ones((len(asked) + 1, most_choices + 1, len(distinct)), bool)
    for number, when in enumerate(distinct):
        for clause in when:
            fulfilling = np.zeros(most_choices + 1, bool)
            fulfilling[np.array(clause.tokens, int) + 1] = True
            still_holds[row_of[clause.decision], :, number] &= fulfilling
    return Conditions(
        condition_of=np.array([distinct.index(when) for when in whens]),
        row_of=row_of,
        still_holds=still_holds,
    )
