"""Compiles a space to constant arrays for the policy: the steps of the network and the conditions of decisions.

Letters: T decisions; S steps; L anchor points; K choices of the largest choice set; C conditions.

One step of the network takes one decision, or all binary decisions of one anchor point, which are independent
given the hidden states (Zoph & Le 2017, section 3.3). A network of 15 layers with 5 decisions and an anchor
point each thus takes 90 steps instead of 180.
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
"""Marks an entry of an index array that refers to nothing."""


@dataclass(frozen=True, eq=False)
class Conditions:
    """The distinct conditions under which decisions of a space are active, as lookup tables.

    All conditions hold until a token violates them. A token violates each condition that has a clause on its
    decision which the token does not satisfy. An inactive decision violates each condition that has a clause on
    it.

    Attributes:
      condition_of: For each decision the index of its condition. Condition 0 always holds.
      row_of: For each decision its row in `still_holds`; 0 if no condition has a clause on it.
      still_holds: `still_holds[row_of[d], token + 1, c]` is whether the token of decision d leaves condition c
        intact.
    """

    condition_of: Int[np.ndarray, " T"]
    row_of: Int[np.ndarray, " T"]
    still_holds: Bool[np.ndarray, "rows tokens C"]  # tokens: K + 1

    @property
    def count(self) -> int:
        """C, the number of distinct conditions."""
        return int(self.still_holds.shape[2])


@dataclass(frozen=True)
class Plan:
    """A space compiled for the policy.

    Plans of equal spaces compare equal, so that a function compiled for one is reused for the other.

    Attributes:
      space: Hash of the space.
      sizes: For each decision the number of its choices.
      scheduled: Which decisions the depth schedule fixes. The network skips their steps.
      kind: For each decision the index of its softmax head and embedding; `ABSENT` for decisions of anchor
        points.
      kind_sizes: For each head the number of its choices.
      decision: For each step the decision that it takes, or `ABSENT` if it is the step of an anchor point.
      point: For each step its anchor point, or `ABSENT` if it takes a single decision.
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
        """The steps that take a single decision, in order."""
        return np.flatnonzero(self.decision != ABSENT)

    @cached_property
    def point_steps(self) -> Int[np.ndarray, " L"]:
        """The steps of the anchor points, in order."""
        return np.flatnonzero(self.point != ABSENT)

    @cached_property
    def edges(self) -> Int[np.ndarray, "edges 2"]:
        """The pairs (i, j) of points such that j may feed i, in the order of their decisions."""
        return np.argwhere(self.bits != ABSENT)

    @cached_property
    def anchor_decisions(self) -> Int[np.ndarray, " edges"]:
        """The decisions of `edges`."""
        decisions: Int[np.ndarray, " edges"] = self.bits[tuple(self.edges.T)]
        return decisions

    @cached_property
    def decision_order(self) -> Int[np.ndarray, " T"]:
        """For each decision its position among the decisions of `choice_steps` followed by `anchor_decisions`."""
        order = np.concatenate([self.decision[self.choice_steps], self.anchor_decisions])
        return np.argsort(order)


def make_plan(space: Space) -> Plan:
    """Compiles a space.

    Raises:
      NasctlError: A decision of an anchor point depends on another decision of the same point.
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
